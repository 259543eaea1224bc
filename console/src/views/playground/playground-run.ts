// One generation of the playground: its calls, and what they have delivered.
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { StreamGenerateRequestSchema } from "@steer-gateway/stubs/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "@steer-gateway/stubs/steer/v1/stream_pb.js";
import { generations } from "../../api.ts";
import { type Failure, toFailure } from "../../failure.ts";
import { ReceivedStream } from "./received-stream.ts";

export type RunState = "running" | "dropped" | "complete" | "failed";

/** `crypto.randomUUID` is missing on pages without TLS. */
function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class PlaygroundRun {
  readonly requestId = newRequestId();
  readonly received = new ReceivedStream();
  readonly model: string;
  readonly request: JsonObject;
  state: RunState = "running";
  failure: Failure | undefined;
  /** Cursors at which the stream was resumed. */
  readonly resumedAt: number[] = [];
  readonly #onChange: () => void;
  readonly #startedMs = performance.now();
  #call = new AbortController();

  constructor(model: string, request: JsonObject, onChange: () => void) {
    this.model = model;
    this.request = request;
    this.#onChange = onChange;
  }

  async start(): Promise<void> {
    const request = fromJson(StreamGenerateRequestSchema, {
      ...this.request,
      requestId: this.requestId,
    });
    await this.#read((signal) => generations.streamGenerate(request, { signal }));
  }

  /** Ends the connection alone. The stream continues at the service. */
  drop(): void {
    if (this.state !== "running") return;
    this.state = "dropped";
    this.#call.abort();
    this.#onChange();
  }

  /** Reads on after the cursor. */
  async resume(): Promise<void> {
    const { streamId, sequence, writer } = this.received;
    // Without its first event, the stream's identifier is unknown: the same request joins the stream.
    if (streamId === "") return this.start();
    this.resumedAt.push(sequence);
    const from = { streamId, lastSequence: sequence, lastWriter: writer, acceptsDiscard: true };
    await this.#read((signal) => generations.resumeStream(from, { signal }));
  }

  /** Ends the generation at the service. */
  async cancel(): Promise<void> {
    try {
      await generations.cancelGeneration({
        target: { case: "requestId", value: this.requestId },
      });
      // Nobody reads the end of a stream without a connection.
      if (this.state === "dropped") await this.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The page is left. */
  close(): void {
    this.#call.abort();
  }

  async #read(open: (signal: AbortSignal) => AsyncIterable<StreamEvent>): Promise<void> {
    const call = new AbortController();
    this.#call = call;
    this.state = "running";
    this.failure = undefined;
    this.#onChange();
    try {
      for await (const event of open(call.signal)) {
        // What arrives after the cut has not been read.
        if (call.signal.aborted) return;
        this.received.take(event, performance.now() - this.#startedMs);
        this.#onChange();
      }
      if (call.signal.aborted) return;
      this.state = this.received.hasEnded ? "complete" : "dropped";
      this.#onChange();
    } catch (error) {
      if (!call.signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.failure = toFailure(error);
    const { hasEnded, isResumable } = this.received;
    // A connection that was lost leaves the stream as it is.
    this.state = !hasEnded && isResumable ? "dropped" : "failed";
    this.#onChange();
  }
}
