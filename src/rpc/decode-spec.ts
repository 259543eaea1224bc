import type { Duration } from "@bufbuild/protobuf/wkt";
import type { ErrorCategory } from "../../gen/service/steer/v1/error_pb.ts";
import type {
  AbortPolicy,
  Budget,
  GenerationSpec,
  InvalidOutputAction,
  OutputFormat,
  RetryPolicy,
  RoutingPolicy,
  SamplingParams,
  Timeouts,
} from "../../gen/service/steer/v1/generation_pb.ts";
import type { Tool, ToolChoice } from "../../gen/service/steer/v1/tool_pb.ts";
import { type ErrorKind, invalidField } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation-spec.ts";
import { checkOptionalData } from "./check-content.ts";
import { decodeMessages } from "./decode-messages.ts";
import { decodeOptionalData } from "./decode-provider-data.ts";
import {
  ABORT_MODES,
  EFFORTS,
  ON_INVALID,
  RECOVERIES,
  STRATEGIES,
  TOOL_MODES,
  UNSUPPORTED,
} from "./encode-spec.ts";
import { kindOf } from "./error-category.ts";
import { jsonObjectProblem } from "./json-text.ts";

/** Whole milliseconds, rounded up, because stores and timers have no smaller unit. */
export function milliseconds(duration: Duration): number {
  return Number(duration.seconds) * 1000 + Math.ceil(duration.nanos / 1e6);
}

/** A JSON Schema is an object or a boolean; providers accept only objects. */
function checkSchema(schema: string, path: string): void {
  const problem = jsonObjectProblem(schema);
  if (problem !== undefined) throw invalidField(path, problem);
}

function decodeTool(tool: Tool, path: string): domain.Tool {
  const { kind } = tool;
  switch (kind.case) {
    case "function": {
      const { name, description, parametersJsonSchema, strict, providerData } = kind.value;
      if (parametersJsonSchema !== "") {
        checkSchema(parametersJsonSchema, `${path}.function.parameters_json_schema`);
      }
      checkOptionalData(providerData, `${path}.function`);
      return {
        type: "function",
        name,
        description,
        parametersJsonSchema,
        ...(strict !== undefined && { strict }),
        ...decodeOptionalData(providerData),
      };
    }
    case "providerTool":
      return {
        type: "provider",
        provider: kind.value.provider,
        config: kind.value.config ?? {},
      };
    case undefined:
      throw invalidField(path, "the tool is empty");
  }
}

function decodeTools(tools: readonly Tool[]): domain.Tool[] {
  const names = new Set<string>();
  return tools.map((tool, index) => {
    const path = `spec.tools[${index}]`;
    const decoded = decodeTool(tool, path);
    if (decoded.type === "function") {
      if (names.has(decoded.name)) {
        throw invalidField(`${path}.function.name`, "another tool has this name");
      }
      names.add(decoded.name);
    }
    return decoded;
  });
}

function decodeToolChoice(choice: ToolChoice, tools: readonly domain.Tool[]): domain.ToolChoice {
  const parallel = choice.parallel === undefined ? {} : { parallel: choice.parallel };
  const constraint = choice.choice;
  if (constraint.case === "functionName") {
    const functionName = constraint.value;
    const known = tools.some((tool) => tool.type === "function" && tool.name === functionName);
    if (!known) {
      throw invalidField("spec.tool_choice.function_name", "no tool of the request has this name");
    }
    return { mode: { functionName }, ...parallel };
  }
  const mode = TOOL_MODES.words.get(constraint.value ?? 0) ?? "auto";
  if (mode === "required" && tools.length === 0) {
    throw invalidField("spec.tool_choice.mode", "REQUIRED needs at least one tool");
  }
  return { mode, ...parallel };
}

function decodeSampling(sampling: SamplingParams | undefined): domain.Sampling {
  if (sampling === undefined) return {};
  const { maxOutputTokens, temperature, topP, topK, seed, stopSequences } = sampling;
  const { frequencyPenalty, presencePenalty } = sampling;
  return {
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(seed !== undefined && { seed }),
    ...(stopSequences.length > 0 && { stopSequences }),
    ...(sampling.deterministic && { deterministic: true }),
    ...(sampling.logprobs !== undefined && { logprobs: sampling.logprobs }),
    ...(sampling.topLogprobs !== undefined && { topLogprobs: sampling.topLogprobs }),
  };
}

function decodeOnInvalid(action: InvalidOutputAction) {
  const onInvalid = ON_INVALID.words.get(action);
  return onInvalid === undefined ? {} : { onInvalid };
}

function decodeFormat(format: OutputFormat | undefined): domain.OutputFormat {
  switch (format?.format.case) {
    case undefined:
    case "text":
      return { type: "text" };
    case "jsonObject":
      return { type: "json-object", ...decodeOnInvalid(format.format.value.onInvalid) };
    case "jsonSchema": {
      const { name, schema, description, strict, onInvalid } = format.format.value;
      checkSchema(schema, "spec.output_format.json_schema.schema");
      const base = {
        type: "json-schema",
        name,
        schema,
        description,
        ...decodeOnInvalid(onInvalid),
      } as const;
      return strict === undefined ? base : { ...base, strict };
    }
  }
}

function decodeKinds(categories: readonly ErrorCategory[]): ErrorKind[] {
  return categories.flatMap((category) => kindOf(category) ?? []);
}

function decodeRouting(routing: RoutingPolicy | undefined): domain.Routing {
  const hedge = routing?.hedge;
  return {
    fallbacks: (routing?.fallbacks ?? []).map(({ model, provider }) =>
      provider === "" ? { model } : { model, provider },
    ),
    strategy: STRATEGIES.words.get(routing?.strategy ?? 0) ?? "ordered",
    allowedProviders: routing?.allowedProviders ?? [],
    deniedProviders: routing?.deniedProviders ?? [],
    unsupportedParameters: UNSUPPORTED.words.get(routing?.unsupportedParameters ?? 0) ?? "drop",
    failoverOn: decodeKinds(routing?.failoverOn ?? []),
    disableFailover: routing?.disableFailover ?? false,
    midStreamRecovery: RECOVERIES.words.get(routing?.midStreamRecovery ?? 0) ?? "fail",
    ...(hedge !== undefined && {
      hedge: hedge.delay === undefined ? {} : { delayMs: milliseconds(hedge.delay) },
    }),
  };
}

function decodeRetry(retry: RetryPolicy | undefined): domain.RetryPolicy {
  if (retry === undefined) return { retryOn: [] };
  const { maxAttempts, maxTotalAttempts, backoffMultiplier, jitter } = retry;
  const { initialBackoff, maxBackoff, maxTotalDelay } = retry;
  return {
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(maxTotalAttempts !== undefined && { maxTotalAttempts }),
    ...(initialBackoff !== undefined && { initialBackoffMs: milliseconds(initialBackoff) }),
    ...(maxBackoff !== undefined && { maxBackoffMs: milliseconds(maxBackoff) }),
    ...(backoffMultiplier !== undefined && { backoffMultiplier }),
    ...(jitter !== undefined && { jitter }),
    ...(maxTotalDelay !== undefined && { maxTotalDelayMs: milliseconds(maxTotalDelay) }),
    retryOn: decodeKinds(retry.retryOn),
  };
}

function decodeTimeouts(timeouts: Timeouts | undefined): domain.Timeouts {
  if (timeouts === undefined) return {};
  const { total, attempt, connect, firstToken, idle } = timeouts;
  return {
    ...(total !== undefined && { totalMs: milliseconds(total) }),
    ...(attempt !== undefined && { attemptMs: milliseconds(attempt) }),
    ...(connect !== undefined && { connectMs: milliseconds(connect) }),
    ...(firstToken !== undefined && { firstTokenMs: milliseconds(firstToken) }),
    ...(idle !== undefined && { idleMs: milliseconds(idle) }),
  };
}

/** Capped at the largest cost that the gateway can represent exactly. */
function picos(value: bigint): number {
  return Number(value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : value);
}

function decodeBudget({ maxCostPicos, currencyCode }: Budget): domain.Budget {
  return { maxCostPicos: picos(maxCostPicos), currency: currencyCode };
}

function decodeAbort({ mode, maxTime, maxCostPicos }: AbortPolicy): Partial<domain.AbortPolicy> {
  const asked = ABORT_MODES.words.get(mode);
  return {
    ...(asked !== undefined && { mode: asked }),
    ...(maxTime !== undefined && { maxTimeMs: milliseconds(maxTime) }),
    ...(maxCostPicos !== undefined && { maxCostPicos: picos(maxCostPicos) }),
  };
}

/**
 * Converts a validated request into the gateway's types. Throws INVALID_ARGUMENT for errors that validation rules
 * cannot express. No field of the request is ignored.
 */
export function decodeSpec(spec: GenerationSpec): domain.GenerationSpec {
  const tools = decodeTools(spec.tools);
  const effort = EFFORTS.words.get(spec.reasoning?.effort ?? 0);
  return {
    model: spec.model,
    messages: decodeMessages(spec.messages, spec.prompt),
    tools,
    ...(spec.toolChoice !== undefined && { toolChoice: decodeToolChoice(spec.toolChoice, tools) }),
    sampling: decodeSampling(spec.sampling),
    reasoning: {
      ...(effort !== undefined && { effort }),
      ...(spec.reasoning?.budgetTokens !== undefined && {
        budgetTokens: spec.reasoning.budgetTokens,
      }),
      ...(spec.reasoning?.includeText !== undefined && {
        includeText: spec.reasoning.includeText,
      }),
    },
    outputFormat: decodeFormat(spec.outputFormat),
    routing: decodeRouting(spec.routing),
    retry: decodeRetry(spec.retry),
    timeouts: decodeTimeouts(spec.timeouts),
    providerOptions: spec.providerOptions,
    labels: spec.labels,
    endUserId: spec.endUserId,
    ...(spec.budget !== undefined && { budget: decodeBudget(spec.budget) }),
    ...(spec.abort !== undefined && { abort: decodeAbort(spec.abort) }),
  };
}
