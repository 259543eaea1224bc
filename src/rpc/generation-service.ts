import { create } from "@bufbuild/protobuf";
import type { GenerationSpec } from "../../gen/service/steer/v1/generation_pb.ts";
import {
  CancelGenerationResponseSchema,
  CountTokensResponseSchema,
  GenerateResponseSchema,
  GenerationService,
  TokenCountMethod,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { StreamEvent } from "../../gen/service/steer/v1/stream_pb.ts";
import { UsageSource } from "../../gen/service/steer/v1/usage_pb.ts";
import { generationLine } from "../calls/generation-fields.ts";
import type { HandlerCall } from "../calls/handler-call.ts";
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import { type Generation, GenerationFailed } from "../domain/generation.ts";
import type * as domain from "../domain/generation-spec.ts";
import { PushIterable, pushItemsTo, type Take, takeAll } from "../domain/push-iterable.ts";
import type {
  CallIdentity,
  CountMethod,
  Gateway,
  GenerationCall,
  InputCount,
  InputCountCall,
  OpenStream,
  WholeAnswer,
} from "../ports/gateway.ts";
import { callIdentityOf } from "./call-identity.ts";
import { decodeSpec } from "./decode-spec.ts";
import { checkStreamOptions, decodeStreamOptions } from "./decode-stream-options.ts";
import { nameDefaultRecovery } from "./default-recovery.ts";
import { DiscardGuard } from "./discard-guard.ts";
import { decodeEvent, encodeEvent } from "./encode-event.ts";
import { encodeGeneration, encodeWithinLimit } from "./encode-generation.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";
import { reportGeneration } from "./report-generation.ts";
import { StreamFailed } from "./stream-failed.ts";

export interface GenerationServiceDependencies {
  readonly gateway: Gateway;
  readonly countInput: (call: InputCountCall) => Promise<InputCount>;
  /** The operator's recovery, for streams whose request accepts discards and names none. */
  readonly recovery: () => domain.MidStreamRecovery;
}

const COUNT_METHODS: Readonly<Record<number, CountMethod>> = {
  [TokenCountMethod.UNSPECIFIED]: "any",
  [TokenCountMethod.ESTIMATE]: "estimate",
  [TokenCountMethod.PROVIDER]: "provider",
};

function requiredSpec(spec: GenerationSpec | undefined): domain.GenerationSpec {
  if (spec === undefined) throw invalidField("spec", "value is required");
  return decodeSpec(spec);
}

/** Reports a generation that no target accepted. */
async function admitted<T>(answer: Promise<T>, call: HandlerCall): Promise<T> {
  return answer.catch((error: unknown) => {
    if (error instanceof GenerationFailed) {
      reportGeneration(call, encodeGeneration(error.failure.partial, "none"));
    }
    throw error;
  });
}

/** Reports the end of a stream. Throws if it ended with an error. */
function settle(call: HandlerCall, event: StreamEvent["event"]): void {
  if (event.case === "complete" && event.value.generation !== undefined) {
    reportGeneration(call, event.value.generation);
  } else if (event.case === "error" && event.value.error !== undefined) {
    if (event.value.partial !== undefined) reportGeneration(call, event.value.partial);
    throw new StreamFailed(event.value.error);
  }
}

/** The events of a stream for this call, and then the status of the call. */
function deliver(
  call: HandlerCall,
  acceptsDiscard: boolean,
  open: () => Promise<OpenStream>,
): PushIterable<Uint8Array> {
  return new PushIterable(async (take) => {
    const stream = await open();
    call.log({ stream_id: stream.streamId, generation_id: stream.generationId });
    call.setResponseHeader("x-steer-stream-id", stream.streamId);
    call.setResponseHeader("x-steer-generation-id", stream.generationId);
    if (stream.isReplayed) call.setResponseHeader("x-steer-replayed", "true");
    const guard =
      acceptsDiscard || !stream.endsAtDiscard
        ? undefined
        : new DiscardGuard(stream.streamId, stream.holdsOutput);
    const takeEvent = guard === undefined ? take : guarded(guard, take);
    try {
      await pushItemsTo(stream.deliveries, (delivery) => {
        if (delivery.type === "events") return takeAll(delivery.events, takeEvent);
        const { sequence, isUndurable } = delivery;
        const body = { type: "heartbeat", isUndurable } as const;
        return take(encodeEvent({ sequence, attemptIndex: 0, body }, 0));
      });
    } catch (error) {
      // A reader that leaves early has used the tokens so far.
      if (stream.soFar !== undefined) {
        reportGeneration(call, encodeGeneration(stream.soFar(), "none"));
      }
      throw error;
    }
    const terminal = stream.terminal();
    if (terminal !== undefined) settle(call, decodeEvent(terminal).event);
  });
}

function guarded(guard: DiscardGuard, take: Take<Uint8Array>): Take<Uint8Array> {
  return (event) => {
    guard.check(event);
    return take(event);
  };
}

/** A unary answer needs its message; the client's limit decides whether it fits. */
function encodeWhole(generation: Generation) {
  const { generation: within, detail } = encodeWithinLimit(generation);
  return detail === "none" ? encodeGeneration(generation, "message") : within;
}

/** The answer of a unary call from the log. */
function storedAnswer(call: HandlerCall, answer: Extract<WholeAnswer, { state: "stored" }>) {
  const { event } = decodeEvent(answer.terminal);
  settle(call, event);
  if (event.case !== "complete" || event.value.generation === undefined) {
    throw new GatewayError("internal", "a stored answer without a result");
  }
  const { isReplayed: replayed, generation } = answer;
  call.setResponseHeader("x-steer-generation-id", event.value.generation.generationId);
  if (replayed) call.setResponseHeader("x-steer-replayed", "true");
  if (!event.value.messageOmitted) {
    return create(GenerateResponseSchema, { generation: event.value.generation, replayed });
  }
  if (generation === undefined) {
    const message = "the answer was too long to be kept; it is not generated a second time";
    throw new GatewayError("conflict", message, { reason: "RESULT_NOT_KEPT" });
  }
  return create(GenerateResponseSchema, { generation: encodeWhole(generation), replayed });
}

export function createGenerationService({
  gateway,
  countInput,
  recovery,
}: GenerationServiceDependencies): ServedService {
  function generationCall(
    spec: domain.GenerationSpec,
    call: HandlerCall,
    identity: CallIdentity,
    acceptsDiscard: boolean,
  ): GenerationCall {
    const { signal, timeoutMs, telemetry } = call;
    if (Object.keys(spec.labels).length > 0) call.log({ labels: spec.labels });
    return {
      spec,
      signal,
      timeoutMs,
      telemetry,
      identity,
      acceptsDiscard,
      onOpen: (streamId, generationId) =>
        call.log({ stream_id: streamId, generation_id: generationId }),
      onEnd: (ended) => call.generationEnded(() => generationLine(ended)),
    };
  }

  const handlers: Handlers<typeof GenerationService> = {
    async generate(request, call) {
      const identity = callIdentityOf(call, GenerationService.method.generate, request);
      // A whole answer is read once it is whole.
      const generation = generationCall(requiredSpec(request.spec), call, identity, true);
      const answer = await admitted(gateway.generate(generation), call);
      if (answer.state === "stored") return storedAnswer(call, answer);
      call.setResponseHeader("x-steer-generation-id", answer.generation.generationId);
      const message = encodeWhole(answer.generation);
      reportGeneration(call, message);
      return create(GenerateResponseSchema, { generation: message });
    },

    // The stream is passed on directly: a further generator would cost something for every event.
    streamGenerate: (request, call) =>
      deliver(call, request.acceptsDiscard, async () => {
        nameDefaultRecovery(request, recovery());
        const options = decodeStreamOptions(request.options);
        const identity = callIdentityOf(call, GenerationService.method.streamGenerate, request);
        if (options.ephemeral && identity.requestId !== "") {
          throw invalidField("request_id", "an ephemeral stream cannot be repeated");
        }
        const spec = requiredSpec(request.spec);
        const generation = generationCall(spec, call, identity, request.acceptsDiscard);
        checkStreamOptions(options, generation.spec);
        return admitted(gateway.streamGenerate(generation, options), call);
      }),

    resumeStream: (request, call) =>
      deliver(call, request.acceptsDiscard, () => {
        const { streamId, lastSequence, lastWriter } = request;
        call.log({ stream_id: streamId, last_sequence: lastSequence });
        return gateway.resumeStream({
          caller: call.caller.id,
          streamId,
          cursor: { sequence: lastSequence, writer: lastWriter },
          signal: call.signal,
          timeoutMs: call.timeoutMs,
        });
      }),

    async cancelGeneration({ target }, call) {
      const named =
        target.case === "streamId" ? { streamId: target.value } : { requestId: target.value ?? "" };
      const cancelled = await gateway.cancelGeneration(call.caller.id, named);
      const name =
        "streamId" in named ? { stream_id: named.streamId } : { request_id: named.requestId };
      call.log({ ...name, cancelled });
      return create(CancelGenerationResponseSchema, { cancelled });
    },

    async countTokens(request, { caller, signal, timeoutMs, telemetry }) {
      const spec = requiredSpec(request.spec);
      const method = COUNT_METHODS[request.method] ?? "any";
      const asked = { spec, method, caller: caller.id, signal, timeoutMs, telemetry };
      const { model, tokens, estimate } = await countInput(asked);
      return create(CountTokensResponseSchema, {
        inputTokens: tokens,
        source: estimate === undefined ? UsageSource.PROVIDER : UsageSource.ESTIMATED,
        ...estimate,
        provider: model.provider,
        model: model.id,
        contextWindow: model.contextWindow ?? 0,
      });
    },
  };
  return serve(GenerationService, handlers);
}
