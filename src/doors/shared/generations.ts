// Runs generations for doors by the same gateway as RPCs, with domain types as input and output.
import { generationFields, generationLine } from "../../calls/generation-fields.ts";
import { requestIdOf } from "../../calls/request-id.ts";
import type { Clock } from "../../clock.ts";
import { GatewayError, invalidField } from "../../domain/gateway-error.ts";
import { type Generation, GenerationFailed, type StoredEvent } from "../../domain/generation.ts";
import { type StreamOptions, WHOLE_ANSWER } from "../../domain/stream-options.ts";
import type { Warning } from "../../domain/warning.ts";
import type { AcceptedSpec, Contract, RequestOfApi } from "../../ports/contract.ts";
import type {
  Gateway,
  GenerationCall,
  NewStreamFacts,
  OpenStream,
  WholeAnswer,
} from "../../ports/gateway.ts";
import type { DoorCall } from "../door.ts";
import { encodeDelivery } from "./encode-delivery.ts";
import { commitOf, HeldBack } from "./held-back.ts";
import type { LimitHeaders } from "./limit-headers.ts";
import { type PassRule, passedFields } from "./passed-fields.ts";
import { behind, eventPlaceOf } from "./rest-of-stream.ts";
import type { DiscardingEncoder, StreamEncoder } from "./stream-encoder.ts";
import { asksForSummary, factsOf, warningsText } from "./summary.ts";
import { wishesOf } from "./wishes.ts";

/** Longest silence of a stream, in milliseconds. */
const HEARTBEAT_MS = 15_000;

export interface DoorGenerationsOptions {
  readonly gateway: Gateway;
  readonly contract: Contract;
  readonly clock: Clock;
  /** Encodes the standings of limits as headers of the door's dialect. */
  readonly limitHeaders: LimitHeaders;
  /** Which fields pass, by caller. */
  readonly passOf: (caller: string) => PassRule;
}

/** A request that satisfies the contract, and what was left out of it. */
interface AcceptedRequest extends AcceptedSpec {
  readonly warnings: readonly Warning[];
}

/** Sets the header with the warnings. */
function tellWarnings(call: DoorCall, generation: Pick<Generation, "warnings">): void {
  const warnings = warningsText(generation);
  if (warnings !== undefined) call.setTrailer("x-steer-warnings", warnings);
}

/** Sets the headers with the facts of a generation. */
function tell(call: DoorCall, generation: Generation): void {
  call.log(generationFields(generation));
  for (const [name, value] of Object.entries(factsOf(generation))) {
    call.setTrailer(`x-steer-${name}`, value);
  }
}

export class DoorGenerations {
  readonly #gateway: Gateway;
  readonly #contract: Contract;
  readonly #clock: Clock;
  readonly #limitHeaders: LimitHeaders;
  readonly #passOf: DoorGenerationsOptions["passOf"];

  constructor({ gateway, contract, clock, limitHeaders, passOf }: DoorGenerationsOptions) {
    this.#gateway = gateway;
    this.#contract = contract;
    this.#clock = clock;
    this.#limitHeaders = limitHeaders;
    this.#passOf = passOf;
  }

  /**
   * Checks the request by the rules of the contract, without the fields that do not pass for its caller. Throws
   * INVALID_ARGUMENT and RESOURCE_EXHAUSTED.
   */
  accept(call: DoorCall, { spec, wishes }: RequestOfApi, options?: StreamOptions): AcceptedRequest {
    const asked = { spec, wishes: wishesOf(call.header, wishes) };
    const { request, warnings } = passedFields(asked, this.#passOf(call.caller.id));
    return { ...this.#contract.accept(request, options), warnings };
  }

  /** Generates a whole answer. Rejects with `GatewayError` and `GenerationFailed`. */
  async generate(call: DoorCall, request: RequestOfApi): Promise<Generation> {
    const generation = this.#callOf(call, request, undefined);
    const answer = await this.#gateway.generate(generation).catch((error: unknown) => {
      if (error instanceof GenerationFailed) tell(call, error.failure.partial);
      throw error;
    });
    const whole = this.#wholeOf(answer);
    call.setResponseHeader("x-steer-generation-id", whole.generationId);
    if (answer.state === "stored" && answer.isReplayed)
      call.setResponseHeader("x-steer-replayed", "true");
    tell(call, whole);
    return whole;
  }

  #wholeOf(answer: WholeAnswer): Generation {
    if (answer.state === "generated") return answer.generation;
    const { body } = this.#contract.decodeEvent(answer.terminal);
    if (body.type === "error") throw body.failure.error;
    if (body.type !== "complete") throw new Error("a stored answer without a result");
    if (body.message !== "omitted") return body.generation;
    if (answer.generation !== undefined) return answer.generation;
    const message = "the answer was too long to be kept; it is not generated a second time";
    throw new GatewayError("conflict", message, { reason: "RESULT_NOT_KEPT" });
  }

  /** Begins a stream, or joins the stream of the call's idempotency key. Rejects on every failure before the stream. */
  async open(
    call: DoorCall,
    request: RequestOfApi,
    keeping: Keeping,
    acceptsDiscard = false,
  ): Promise<OpenStream> {
    const { note, ...kept } = keeping;
    const options = { ...STREAM_OPTIONS, ...kept };
    const generation = { ...this.#callOf(call, request, options, note), acceptsDiscard };
    const opened = this.#gateway.streamGenerate(generation, options);
    const stream = await opened.catch((error: unknown) => {
      if (error instanceof GenerationFailed) tell(call, error.failure.partial);
      throw error;
    });
    this.#tellOpen(call, stream);
    if (stream.soFar !== undefined) tellWarnings(call, stream.soFar());
    return stream;
  }

  /**
   * The rest of a stream behind an event that the reader has, for a call that repeats the one that began the stream.
   * Begins no generation. Throws INVALID_ARGUMENT, NOT_FOUND and ALREADY_EXISTS.
   */
  async *#rest(
    call: DoorCall,
    request: RequestOfApi,
    encoder: StreamEncoder,
    lastEventId: string,
  ): AsyncGenerator<string, void> {
    const last = eventPlaceOf(lastEventId);
    if (requestIdOf(call) === "") throw invalidField("last-event-id", "needs `idempotency-key`");
    const generation = this.#callOf(call, request, { ...STREAM_OPTIONS, ...KEPT });
    const stream = await this.#gateway.joinStream(generation);
    this.#tellOpen(call, stream);
    yield* behind(this.deliver(call, stream, encoder), last);
  }

  /** Deletes a stored stream of the caller. Rejects with `GatewayError`. */
  async delete(call: DoorCall, streamId: string): Promise<void> {
    call.log({ stream_id: streamId });
    await this.#gateway.deleteStream(call.caller.id, streamId);
  }

  /** Reads a stored stream of the caller from its first event. Rejects with `GatewayError`. */
  async resume(call: DoorCall, streamId: string): Promise<OpenStream> {
    const { caller, signal, timeoutMs } = call;
    const cursor = { sequence: 0, writer: 0 };
    const asked = { caller: caller.id, streamId, cursor, signal, timeoutMs };
    const stream = await this.#gateway.resumeStream(asked);
    this.#tellOpen(call, stream);
    return stream;
  }

  /** Cancels a stored stream of the caller. Rejects with `GatewayError`. */
  async cancel(call: DoorCall, streamId: string): Promise<void> {
    const cancelled = await this.#gateway.cancelGeneration(call.caller.id, { streamId });
    call.log({ stream_id: streamId, cancelled });
  }

  #tellOpen(call: DoorCall, { streamId, generationId, isReplayed }: OpenStream): void {
    call.log({ stream_id: streamId, generation_id: generationId });
    call.setResponseHeader("x-steer-stream-id", streamId);
    call.setResponseHeader("x-steer-generation-id", generationId);
    if (isReplayed) call.setResponseHeader("x-steer-replayed", "true");
  }

  /** The answer as events of a dialect. Rejects on every failure before the first event. */
  async *stream(
    call: DoorCall,
    request: RequestOfApi,
    encoder: DiscardingEncoder,
  ): AsyncGenerator<string, void> {
    const lastEventId = call.header("last-event-id") ?? "";
    if (lastEventId !== "") return yield* this.#rest(call, request, encoder, lastEventId);
    const commit = commitOf(call.header);
    if (commit !== undefined)
      return yield* this.#heldBack(call, request, new HeldBack(encoder, commit));
    yield* this.deliver(call, await this.open(call, request, keepingOf(call)), encoder);
  }

  /** An answer can begin again while its output is held back. Heartbeats commit the HTTP status. */
  async *#heldBack(
    call: DoorCall,
    request: RequestOfApi,
    encoder: HeldBack,
  ): AsyncGenerator<string, void> {
    const stream = await this.open(call, restartable(request), keepingOf(call), true);
    yield* this.deliver(call, stream, encoder);
  }

  /** The events of the log; undefined: a heartbeat. */
  async *events({ deliveries }: OpenStream): AsyncGenerator<StoredEvent | undefined, void> {
    for await (const delivery of deliveries) {
      if (delivery.type === "heartbeat") yield undefined;
      else for (const bytes of delivery.events) yield this.#contract.decodeEvent(bytes);
    }
  }

  /** The texts of a stream in a dialect. Throws `GatewayError` if the stream breaks off or ends with an error. */
  async *deliver(
    call: DoorCall,
    stream: OpenStream,
    encoder: StreamEncoder,
  ): AsyncGenerator<string, void> {
    let end: Generation | undefined;
    const isSummed = asksForSummary(call.header);
    try {
      for await (const delivery of stream.deliveries) {
        const sent = encodeDelivery(delivery, this.#contract, encoder, isSummed);
        end ??= sent.end;
        // What comes before a failure is sent before it.
        if (sent.text !== "") yield sent.text;
        if (sent.failure !== undefined) throw sent.failure;
      }
    } finally {
      const known = end ?? stream.soFar?.();
      if (known !== undefined) call.log(generationFields(known));
    }
  }

  #callOf(
    call: DoorCall,
    asked: RequestOfApi,
    options: StreamOptions | undefined,
    note?: Keeping["note"],
  ): GenerationCall {
    const { signal, timeoutMs, telemetry, caller } = call;
    const { spec, request, fingerprint, warnings } = this.accept(call, asked, options);
    const requestId = requestIdOf(call);
    call.log({ requested_model: spec.model });
    if (Object.keys(spec.labels).length > 0) call.log({ labels: spec.labels });
    return {
      spec,
      signal,
      timeoutMs,
      telemetry,
      identity: {
        caller: caller.id,
        requestId,
        fingerprint: requestId === "" ? "" : fingerprint(),
        request: (stream) => request(note?.(stream)),
        keepsRequest: note !== undefined,
      },
      // A client of another API cannot drop output.
      acceptsDiscard: false,
      warnings,
      onStandings: (standings) => {
        for (const [name, value] of this.#limitHeaders(standings, this.#clock.wallTime())) {
          call.setResponseHeader(name, value);
        }
      },
      onOpen: (streamId, generationId) =>
        call.log({ stream_id: streamId, generation_id: generationId }),
      onEnd: (ended) => call.generationEnded(() => generationLine(ended)),
    };
  }
}

/** The request with mid-stream recovery by RESTART, for an answer whose output is held back. */
export function restartable<Request extends RequestOfApi>(request: Request): Request {
  const { spec } = request;
  const routing = { ...spec.routing, midStreamRecovery: "restart" } as const;
  return { ...request, spec: { ...spec, routing } };
}

/** How long a stream and its request are kept, and what follows when the reader leaves. */
export interface Keeping extends Pick<StreamOptions, "ephemeral" | "onDisconnect"> {
  /** Milliseconds for which the ended stream can be read; unset: the time of all streams. */
  readonly retentionMs?: number;
  /** Set: the request is kept as long as the events, with this note. */
  readonly note?: (stream: NewStreamFacts) => Uint8Array;
}

const KEPT: Keeping = { ephemeral: false, onDisconnect: "grace" };

/** A stream without a key cannot be resumed, so it is not stored and ends with its reader. */
function keepingOf(call: DoorCall): Keeping {
  const isKept = requestIdOf(call) !== "";
  return isKept ? KEPT : { ephemeral: true, onDisconnect: "cancel" };
}

const STREAM_OPTIONS: StreamOptions = { ...WHOLE_ANSWER, heartbeatMs: HEARTBEAT_MS };
