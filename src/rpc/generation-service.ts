import { create } from "@bufbuild/protobuf";
import type { GenerationSpec } from "../../gen/es/steer/v1/generation_pb.ts";
import {
  CountTokensResponseSchema,
  GenerateResponseSchema,
  GenerationService,
  TokenCountMethod,
} from "../../gen/es/steer/v1/generation_service_pb.ts";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { type Generation, GenerationFailed, type StreamEvent } from "../domain/generation.ts";
import type * as domain from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import type { CallTelemetry } from "../telemetry/telemetry.ts";
import { decodeSpec, decodeStreamOptions } from "./decode-spec.ts";
import { encodeEvent } from "./encode-event.ts";
import { encodeGeneration, encodeWithinLimit } from "./encode-generation.ts";
import { type HandlerCall, type Handlers, type ServedService, serve } from "./handlers.ts";
import { notBuiltMethod, refuseArgument, refuseNotBuilt } from "./not-built.ts";

/** A generation as the gateway takes it. */
interface GenerationCall {
  readonly spec: domain.GenerationSpec;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  readonly telemetry: CallTelemetry;
}

export interface GenerationServiceDependencies {
  readonly gateway: {
    generate(call: GenerationCall): Promise<Generation>;
    streamGenerate(
      call: GenerationCall,
      options: StreamOptions,
    ): Promise<AsyncIterable<StreamEvent>>;
  };
  /** Input tokens of a request at the target it would go to. */
  readonly countInput: (spec: domain.GenerationSpec) => {
    readonly model: Model;
    readonly tokens: number;
    readonly estimator: string;
  };
}

function requiredSpec(spec: GenerationSpec | undefined): domain.GenerationSpec {
  if (spec === undefined) throw new GatewayError("validation", "spec: value is required");
  return decodeSpec(spec);
}

/** Tells of a generation that has ended, on the log line and in the trailers. */
function reportGeneration(call: HandlerCall, generation: Generation): void {
  const { usage, timing } = generation;
  const attempts = generation.attempts.filter(({ outcome }) => outcome !== "skipped").length;
  call.setTrailer("x-steer-attempts", String(attempts));
  call.log({
    generation_id: generation.generationId,
    provider: generation.provider,
    model: generation.model,
    attempts,
    ...(timing.timeToFirstTokenMs !== undefined && {
      ttft_ms: Math.round(timing.timeToFirstTokenMs),
    }),
    ...(generation.finishReason !== undefined && { finish_reason: generation.finishReason }),
    ...(usage !== undefined && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      usage_source: usage.source,
    }),
  });
}

/** Tells of a generation that no target took. */
async function admitted<T>(stream: Promise<T>, call: HandlerCall): Promise<T> {
  return stream.catch((error: unknown) => {
    if (error instanceof GenerationFailed) reportGeneration(call, error.failure.partial);
    throw error;
  });
}

export function createGenerationService({
  gateway,
  countInput,
}: GenerationServiceDependencies): ServedService {
  function generationCall(spec: domain.GenerationSpec, call: HandlerCall): GenerationCall {
    const { signal, timeoutMs, telemetry } = call;
    if (Object.keys(spec.labels).length > 0) call.log({ labels: spec.labels });
    return { spec, signal, timeoutMs, telemetry };
  }

  const handlers: Handlers<typeof GenerationService> = {
    async generate(request, call) {
      refuseNotBuilt(request, call.header("idempotency-key"));
      try {
        const generation = await gateway.generate(generationCall(requiredSpec(request.spec), call));
        reportGeneration(call, generation);
        call.setResponseHeader("x-steer-generation-id", generation.generationId);
        const { generation: message, detail } = encodeWithinLimit(generation);
        // Without the message a unary answer says nothing: then the client's limit decides.
        return create(GenerateResponseSchema, {
          generation: detail === "none" ? encodeGeneration(generation, "message") : message,
        });
      } catch (error) {
        if (error instanceof GenerationFailed) reportGeneration(call, error.failure.partial);
        throw error;
      }
    },

    async *streamGenerate(request, call) {
      refuseNotBuilt(request, call.header("idempotency-key"));
      const options = decodeStreamOptions(request.options);
      const generation = generationCall(requiredSpec(request.spec), call);
      for await (const event of await admitted(gateway.streamGenerate(generation, options), call)) {
        const { body } = event;
        if (body.type === "start") {
          call.setResponseHeader("x-steer-stream-id", body.streamId);
          call.setResponseHeader("x-steer-generation-id", body.generationId);
        }
        yield encodeEvent(event);
        if (body.type === "complete") reportGeneration(call, body.generation);
        else if (body.type === "error") {
          reportGeneration(call, body.failure.partial);
          throw new GenerationFailed(body.failure);
        }
      }
    },

    // biome-ignore lint/correctness/useYield: it ends before any event
    async *resumeStream() {
      notBuiltMethod("ResumeStream");
    },

    async cancelGeneration() {
      return notBuiltMethod("CancelGeneration");
    },

    async countTokens(request, call) {
      refuseNotBuilt(request, call.header("idempotency-key"));
      refuseArgument("method PROVIDER", request.method === TokenCountMethod.PROVIDER);
      const { model, tokens, estimator } = countInput(requiredSpec(request.spec));
      return create(CountTokensResponseSchema, {
        inputTokens: tokens,
        source: UsageSource.ESTIMATED,
        estimator,
        provider: model.provider,
        model: model.id,
        contextWindow: model.contextWindow ?? 0,
      });
    },
  };
  return serve(GenerationService, handlers);
}
