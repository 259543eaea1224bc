import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  AbortMode,
  type AbortPolicySchema,
  type GenerationSpecSchema,
  InvalidOutputAction,
  MidStreamRecovery,
  type OutputFormatSchema,
  ReasoningEffort,
  type RetryPolicySchema,
  type RoutingPolicySchema,
  RoutingStrategy,
  type SamplingParamsSchema,
  type TimeoutsSchema,
  UnsupportedParameterAction,
} from "../../gen/service/steer/v1/generation_pb.ts";
import {
  type ToolChoiceSchema,
  ToolMode,
  type ToolSchema,
} from "../../gen/service/steer/v1/tool_pb.ts";
import type * as domain from "../domain/generation-spec.ts";
import { encodeMessage } from "./encode-content.ts";
import { encodeDuration } from "./encode-generation.ts";
import { enumTable } from "./enum-table.ts";
import { categoryOf } from "./error-category.ts";

export const EFFORTS = enumTable<domain.ReasoningEffort, ReasoningEffort>({
  none: ReasoningEffort.NONE,
  minimal: ReasoningEffort.MINIMAL,
  low: ReasoningEffort.LOW,
  medium: ReasoningEffort.MEDIUM,
  high: ReasoningEffort.HIGH,
  max: ReasoningEffort.MAX,
});

export const TOOL_MODES = enumTable<Extract<domain.ToolChoice["mode"], string>, ToolMode>({
  auto: ToolMode.AUTO,
  none: ToolMode.NONE,
  required: ToolMode.REQUIRED,
});

export const ON_INVALID = enumTable<domain.InvalidOutputAction, InvalidOutputAction>({
  fail: InvalidOutputAction.FAIL,
  retry: InvalidOutputAction.RETRY,
});

export const STRATEGIES = enumTable<domain.RoutingStrategy, RoutingStrategy>({
  ordered: RoutingStrategy.ORDERED,
  "lowest-cost": RoutingStrategy.LOWEST_COST,
  "lowest-latency": RoutingStrategy.LOWEST_LATENCY,
});

export const RECOVERIES = enumTable<domain.MidStreamRecovery, MidStreamRecovery>({
  fail: MidStreamRecovery.FAIL,
  restart: MidStreamRecovery.RESTART,
  continue: MidStreamRecovery.CONTINUE,
});

export const UNSUPPORTED = enumTable<
  domain.Routing["unsupportedParameters"],
  UnsupportedParameterAction
>({
  drop: UnsupportedParameterAction.DROP,
  reject: UnsupportedParameterAction.REJECT,
});

export const ABORT_MODES = enumTable<domain.AbortPolicy["mode"], AbortMode>({
  close: AbortMode.CLOSE,
  drain: AbortMode.DRAIN,
});

type Field<Name extends string> = { readonly [Key in Name]?: ReturnType<typeof encodeDuration> };

/** The field of a duration, if it is set. */
function durationField<Name extends string>(name: Name, ms: number | undefined): Field<Name> {
  return (ms === undefined ? {} : { [name]: encodeDuration(ms) }) as Field<Name>;
}

function encodeTool(tool: domain.Tool): MessageInitShape<typeof ToolSchema> {
  if (tool.type === "provider") {
    const { provider, config } = tool;
    return { kind: { case: "providerTool", value: { provider, config } } };
  }
  const { type: _, ...value } = tool;
  return { kind: { case: "function", value } };
}

function encodeToolChoice({
  mode,
  parallel,
}: domain.ToolChoice): MessageInitShape<typeof ToolChoiceSchema> {
  return {
    choice:
      typeof mode === "string"
        ? { case: "mode", value: TOOL_MODES.values[mode] }
        : { case: "functionName", value: mode.functionName },
    ...(parallel !== undefined && { parallel }),
  };
}

function encodeSampling({
  stopSequences = [],
  ...fields
}: domain.Sampling): MessageInitShape<typeof SamplingParamsSchema> {
  return { ...fields, stopSequences: [...stopSequences] };
}

function onInvalidField({ onInvalid }: { readonly onInvalid?: domain.InvalidOutputAction }) {
  return onInvalid === undefined ? {} : { onInvalid: ON_INVALID.values[onInvalid] };
}

function encodeFormat(format: domain.OutputFormat): MessageInitShape<typeof OutputFormatSchema> {
  switch (format.type) {
    case "text":
      return { format: { case: "text", value: {} } };
    case "json-object":
      return { format: { case: "jsonObject", value: onInvalidField(format) } };
    case "json-schema": {
      const { name, schema, description, strict } = format;
      const value = { name, schema, description, ...onInvalidField(format) };
      const whole = strict === undefined ? value : { ...value, strict };
      return { format: { case: "jsonSchema", value: whole } };
    }
  }
}

function encodeRouting(routing: domain.Routing): MessageInitShape<typeof RoutingPolicySchema> {
  const { hedge } = routing;
  return {
    fallbacks: [...routing.fallbacks],
    strategy: STRATEGIES.values[routing.strategy],
    allowedProviders: [...routing.allowedProviders],
    deniedProviders: [...routing.deniedProviders],
    unsupportedParameters: UNSUPPORTED.values[routing.unsupportedParameters],
    failoverOn: routing.failoverOn.map(categoryOf),
    disableFailover: routing.disableFailover,
    midStreamRecovery: RECOVERIES.values[routing.midStreamRecovery],
    ...(hedge !== undefined && { hedge: durationField("delay", hedge.delayMs) }),
  };
}

function encodeRetry(retry: domain.RetryPolicy): MessageInitShape<typeof RetryPolicySchema> {
  const { initialBackoffMs, maxBackoffMs, maxTotalDelayMs, retryOn, ...numbers } = retry;
  return {
    ...numbers,
    ...durationField("initialBackoff", initialBackoffMs),
    ...durationField("maxBackoff", maxBackoffMs),
    ...durationField("maxTotalDelay", maxTotalDelayMs),
    retryOn: retryOn.map(categoryOf),
  };
}

function encodeTimeouts(timeouts: domain.Timeouts): MessageInitShape<typeof TimeoutsSchema> {
  return {
    ...durationField("total", timeouts.totalMs),
    ...durationField("attempt", timeouts.attemptMs),
    ...durationField("connect", timeouts.connectMs),
    ...durationField("firstToken", timeouts.firstTokenMs),
    ...durationField("idle", timeouts.idleMs),
  };
}

function encodeAbort({
  mode,
  maxTimeMs,
  maxCostPicos,
}: Partial<domain.AbortPolicy>): MessageInitShape<typeof AbortPolicySchema> {
  return {
    ...(mode !== undefined && { mode: ABORT_MODES.values[mode] }),
    ...durationField("maxTime", maxTimeMs),
    ...(maxCostPicos !== undefined && { maxCostPicos: BigInt(maxCostPicos) }),
  };
}

/**
 * The spec in the contract's form. `decodeSpec` returns the same spec if it accepts it. Every choice is written
 * out, so that another version's defaults do not change the request.
 */
export function encodeSpec(
  spec: domain.GenerationSpec,
): MessageInitShape<typeof GenerationSpecSchema> {
  const { effort, ...reasoning } = spec.reasoning;
  const { toolChoice, budget, abort } = spec;
  return {
    model: spec.model,
    messages: spec.messages.map(encodeMessage),
    tools: spec.tools.map(encodeTool),
    ...(toolChoice !== undefined && { toolChoice: encodeToolChoice(toolChoice) }),
    sampling: encodeSampling(spec.sampling),
    reasoning: { ...reasoning, ...(effort !== undefined && { effort: EFFORTS.values[effort] }) },
    outputFormat: encodeFormat(spec.outputFormat),
    routing: encodeRouting(spec.routing),
    retry: encodeRetry(spec.retry),
    timeouts: encodeTimeouts(spec.timeouts),
    providerOptions: { ...spec.providerOptions },
    labels: { ...spec.labels },
    endUserId: spec.endUserId,
    ...(budget !== undefined && {
      budget: { maxCostPicos: BigInt(budget.maxCostPicos), currencyCode: budget.currency },
    }),
    ...(abort !== undefined && { abort: encodeAbort(abort) }),
  };
}
