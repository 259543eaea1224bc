// Generations of doors: the same journey as those of RPCs, with domain types in and out.
import { attemptsOf, generationFields, generationLine } from "../../calls/generation-fields.ts";
import { requestIdOf } from "../../calls/request-id.ts";
import type { Clock } from "../../clock.ts";
import { costText } from "../../domain/cost.ts";
import { GatewayError, invalidField } from "../../domain/gateway-error.ts";
import { type Generation, GenerationFailed, type StoredEvent } from "../../domain/generation.ts";
import { type StreamOptions, WHOLE_ANSWER } from "../../domain/stream-options.ts";
import type { AcceptedSpec, Contract, RequestOfApi } from "../../ports/contract.ts";
import type { Gateway, GenerationCall, OpenStream, WholeAnswer } from "../../ports/gateway.ts";
import type { DoorCall } from "../door.ts";
import { COMMENT } from "./event-stream.ts";
import type { LimitHeaders } from "./limit-headers.ts";
import { behind, eventPlaceOf } from "./rest-of-stream.ts";
import type { DiscardingEncoder, StreamEncoder } from "./stream-encoder.ts";
import { wishesOf } from "./wishes.ts";

/** Longest silence of a stream. */
const HEARTBEAT_MS = 15_000;

export interface DoorGenerationsOptions {
  readonly gateway: Gateway;
  readonly contract: Contract;
  readonly clock: Clock;
  /** Of the door's dialect. */
  readonly limitHeaders: LimitHeaders;
}

/** Most characters of a header with warnings. */
const MAX_WARNINGS = 1_000;

/** What was left out of a request or changed, each by its reason and its field. A field can have any name. */
function tellWarnings(call: DoorCall, { warnings }: Pick<Generation, "warnings">): void {
  if (warnings.length === 0) return;
  const told = warnings.map(({ reason, field }) => (field === "" ? reason : `${reason} ${field}`));
  const text = told
    .join(", ")
    .replace(/[^ -~]/g, "?")
    .slice(0, MAX_WARNINGS);
  call.setTrailer("x-steer-warnings", text);
}

/** Says in the headers of an answer what was done for it. */
function tell(call: DoorCall, generation: Generation): void {
  call.log(generationFields(generation));
  tellWarnings(call, generation);
  call.setTrailer("x-steer-attempts", String(attemptsOf(generation)));
  call.setTrailer("x-steer-provider", generation.provider);
  call.setTrailer("x-steer-model", generation.model);
  if (generation.cost !== undefined) call.setTrailer("x-steer-cost", costText(generation.cost));
}

export class DoorGenerations {
  readonly #gateway: Gateway;
  readonly #contract: Contract;
  readonly #clock: Clock;
  readonly #limitHeaders: LimitHeaders;

  constructor({ gateway, contract, clock, limitHeaders }: DoorGenerationsOptions) {
    this.#gateway = gateway;
    this.#contract = contract;
    this.#clock = clock;
    this.#limitHeaders = limitHeaders;
  }

  /** The request by the rules of the contract. Throws INVALID_ARGUMENT. */
  accept(call: DoorCall, { spec, wishes }: RequestOfApi, options?: StreamOptions): AcceptedSpec {
    const wished = wishesOf(call.header, wishes);
    return this.#contract.accept({ spec, wishes: wished }, options);
  }

  /** The whole answer. Rejects with `GatewayError` and `GenerationFailed`. */
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

  /** Begins a stream, or joins the one of the call's idempotency key. Whatever fails before it rejects. */
  async open(
    call: DoorCall,
    request: RequestOfApi,
    keeping: Keeping,
    acceptsDiscard = false,
  ): Promise<OpenStream> {
    const options = { ...STREAM_OPTIONS, ...keeping };
    const generation = { ...this.#callOf(call, request, options), acceptsDiscard };
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

  /** Takes a stored stream of the caller's away. Rejects with `GatewayError`. */
  async delete(call: DoorCall, streamId: string): Promise<void> {
    call.log({ stream_id: streamId });
    await this.#gateway.deleteStream(call.caller.id, streamId);
  }

  /** Goes on reading a stored stream of the caller's from its first event on. Rejects with `GatewayError`. */
  async resume(call: DoorCall, streamId: string): Promise<OpenStream> {
    const { caller, signal, timeoutMs } = call;
    const cursor = { sequence: 0, writer: 0 };
    const asked = { caller: caller.id, streamId, cursor, signal, timeoutMs };
    const stream = await this.#gateway.resumeStream(asked);
    this.#tellOpen(call, stream);
    return stream;
  }

  /** Ends a stored stream of the caller's. Rejects with `GatewayError`. */
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

  /** The answer as events of a dialect. Whatever fails before the first of them rejects. */
  async *stream(
    call: DoorCall,
    request: RequestOfApi,
    encoder: DiscardingEncoder,
  ): AsyncGenerator<string, void> {
    const lastEventId = call.header("last-event-id") ?? "";
    if (lastEventId !== "") return yield* this.#rest(call, request, encoder, lastEventId);
    if (isHeldBack(call)) return yield* this.#heldBack(call, request, encoder);
    yield* this.deliver(call, await this.open(call, request, keepingOf(call)), encoder);
  }

  /**
   * The answer in one piece once it is whole. Every failure before can be rescued: nobody has any of its output. Signs of
   * life go out meanwhile, and commit the status of HTTP.
   */
  async *#heldBack(
    call: DoorCall,
    { spec, wishes }: RequestOfApi,
    encoder: DiscardingEncoder,
  ): AsyncGenerator<string, void> {
    const routing = { ...spec.routing, midStreamRecovery: "restart" } as const;
    const asked = { spec: { ...spec, routing }, wishes };
    const stream = await this.open(call, asked, keepingOf(call), true);
    let texts: string[] = [];
    const holding: StreamEncoder = {
      encode({ body, ...event }) {
        if (body.type === "attempt-notice" && body.notice.discardOutput) {
          encoder.discard();
          texts = [];
        }
        texts.push(encoder.encode({ body, ...event }));
        return body.type === "complete" ? texts.join("") : "";
      },
      heartbeat: () => COMMENT,
      fail: (error) => encoder.fail(error),
    };
    yield* this.deliver(call, stream, holding);
  }

  /** The events of the log; a sign of life is undefined. */
  async *events({ deliveries }: OpenStream): AsyncGenerator<StoredEvent | undefined, void> {
    for await (const delivery of deliveries) {
      if (delivery.type === "heartbeat") yield undefined;
      else for (const bytes of delivery.events) yield this.#contract.decodeEvent(bytes);
    }
  }

  /** The texts of a stream in a dialect. Throws `GatewayError` where the stream breaks off or ends with an error. */
  async *deliver(
    call: DoorCall,
    stream: OpenStream,
    encoder: StreamEncoder,
  ): AsyncGenerator<string, void> {
    let end: Generation | undefined;
    try {
      for await (const event of this.events(stream)) {
        if (event?.body.type === "complete") end = event.body.generation;
        else if (event?.body.type === "error") end = event.body.failure.partial;
        const text = event === undefined ? encoder.heartbeat() : encoder.encode(event);
        if (text !== "") yield text;
      }
    } finally {
      const known = end ?? stream.soFar?.();
      if (known !== undefined) call.log(generationFields(known));
    }
  }

  #callOf(call: DoorCall, asked: RequestOfApi, options: StreamOptions | undefined): GenerationCall {
    const { signal, timeoutMs, telemetry, caller } = call;
    const { spec, request, fingerprint } = this.accept(call, asked, options);
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
        request,
      },
      // A client of another API cannot drop output.
      acceptsDiscard: false,
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

const HOLD_BACK = "x-steer-commit";

/** Whether the call wants nothing of an answer that is not whole. Throws INVALID_ARGUMENT. */
function isHeldBack(call: DoorCall): boolean {
  const given = call.header(HOLD_BACK);
  if (given === undefined || given === "complete") return given !== undefined;
  throw invalidField(HOLD_BACK, "must be complete");
}

/** What becomes of a stream without its reader. */
export type Keeping = Pick<StreamOptions, "ephemeral" | "onDisconnect">;

const KEPT: Keeping = { ephemeral: false, onDisconnect: "grace" };

/** Without a key nobody can come back to a stream: nothing of it is stored, and it ends with its reader. */
function keepingOf(call: DoorCall): Keeping {
  const isKept = requestIdOf(call) !== "";
  return isKept ? KEPT : { ephemeral: true, onDisconnect: "cancel" };
}

const STREAM_OPTIONS: StreamOptions = { ...WHOLE_ANSWER, heartbeatMs: HEARTBEAT_MS };
