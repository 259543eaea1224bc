// Generations of doors: the same journey as those of RPCs, with domain types in and out.
import { attemptsOf, generationFields, generationLine } from "../../calls/generation-fields.ts";
import { requestIdOf } from "../../calls/request-id.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { type Generation, GenerationFailed } from "../../domain/generation.ts";
import type { StreamOptions } from "../../domain/stream-options.ts";
import type { AcceptedSpec, Contract, LogEvent, RequestOfApi } from "../../ports/contract.ts";
import type { Gateway, GenerationCall, OpenStream, WholeAnswer } from "../../ports/gateway.ts";
import type { DoorCall } from "../door.ts";
import type { StreamEncoder } from "./stream-encoder.ts";

/** Longest silence of a stream. */
const HEARTBEAT_MS = 15_000;

export interface DoorGenerationsOptions {
  readonly gateway: Gateway;
  readonly contract: Contract;
}

/** Says in the headers of an answer what was done for it. */
function tell(call: DoorCall, generation: Generation): void {
  call.log(generationFields(generation));
  call.setTrailer("x-steer-attempts", String(attemptsOf(generation)));
  call.setTrailer("x-steer-provider", generation.provider);
  call.setTrailer("x-steer-model", generation.model);
}

export class DoorGenerations {
  readonly #gateway: Gateway;
  readonly #contract: Contract;

  constructor({ gateway, contract }: DoorGenerationsOptions) {
    this.#gateway = gateway;
    this.#contract = contract;
  }

  /** The request by the rules of the contract. Throws INVALID_ARGUMENT. */
  accept(request: RequestOfApi, options?: StreamOptions): AcceptedSpec {
    return this.#contract.accept(request, options);
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

  /** The answer as events of a dialect. Whatever fails before the first of them rejects. */
  async *stream(
    call: DoorCall,
    request: RequestOfApi,
    encoder: StreamEncoder,
  ): AsyncGenerator<string, void> {
    const options = optionsOf(call);
    const generation = this.#callOf(call, request, options);
    const stream = await this.#gateway
      .streamGenerate(generation, options)
      .catch((error: unknown) => {
        if (error instanceof GenerationFailed) tell(call, error.failure.partial);
        throw error;
      });
    call.log({ stream_id: stream.streamId, generation_id: stream.generationId });
    call.setResponseHeader("x-steer-stream-id", stream.streamId);
    call.setResponseHeader("x-steer-generation-id", stream.generationId);
    if (stream.isReplayed) call.setResponseHeader("x-steer-replayed", "true");
    yield* this.#deliver(call, stream, encoder);
  }

  async *#deliver(call: DoorCall, stream: OpenStream, encoder: StreamEncoder) {
    let end: LogEvent | undefined;
    try {
      for await (const delivery of stream.deliveries) {
        if (delivery.type === "heartbeat") {
          yield encoder.heartbeat();
          continue;
        }
        for (const bytes of delivery.events) {
          const event = this.#contract.decodeEvent(bytes);
          if (event.body.type === "complete" || event.body.type === "error") end = event;
          const text = encoder.encode(event);
          if (text !== "") yield text;
        }
      }
    } finally {
      if (end?.body.type === "complete") call.log(generationFields(end.body.generation));
      else if (end?.body.type === "error") call.log(generationFields(end.body.failure.partial));
      else if (stream.soFar !== undefined) call.log(generationFields(stream.soFar()));
    }
  }

  #callOf(call: DoorCall, asked: RequestOfApi, options: StreamOptions | undefined): GenerationCall {
    const { signal, timeoutMs, telemetry, caller } = call;
    const { spec, request, fingerprint } = this.accept(asked, options);
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
      onOpen: (streamId, generationId) =>
        call.log({ stream_id: streamId, generation_id: generationId }),
      onEnd: (ended) => call.generationEnded(() => generationLine(ended)),
    };
  }
}

/** Without a key nobody can come back to a stream: nothing of it is stored, and it ends with its reader. */
function optionsOf(call: DoorCall): StreamOptions {
  const isKept = requestIdOf(call) !== "";
  return {
    jsonMode: "off",
    omitJsonText: false,
    omitReasoning: false,
    includeUsage: false,
    includeUsageUpdates: false,
    includeEventTime: false,
    omitFinalMessage: false,
    heartbeatMs: HEARTBEAT_MS,
    ephemeral: !isKept,
    retentionMs: undefined,
    onDisconnect: isKept ? "grace" : "cancel",
    disconnectGraceMs: undefined,
  };
}
