// Requests of the domain as generators: each is one that `decodeSpec` accepts.
import fc from "fast-check";
import { ERROR_KINDS } from "../../src/domain/error-table.ts";
import type {
  AbortPolicy,
  Budget,
  FunctionTool,
  GenerationSpec,
  OutputFormat,
  ProviderTool,
  Reasoning,
  RetryPolicy,
  Routing,
  Sampling,
  Timeouts,
  Tool,
  ToolChoice,
} from "../../src/domain/generation-spec.ts";
import type { StreamOptions } from "../../src/domain/stream-options.ts";
import {
  count,
  double,
  few,
  jsonObject,
  jsonText,
  maybe,
  providerData,
  record,
  text,
  word,
} from "./arbitrary-content.ts";
import { messages } from "./arbitrary-messages.ts";

const ms = fc.oneof(fc.nat(5_000), fc.nat(2 ** 42));
const picos = fc.maxSafeNat();

const functionTool = record<FunctionTool>(
  {
    type: fc.constant("function"),
    name: word,
    description: text,
    parametersJsonSchema: fc.oneof(jsonText, fc.constant("")),
    strict: fc.boolean(),
    providerData,
  },
  "strict",
  "providerData",
);
const providerTool = record<ProviderTool>({
  type: fc.constant("provider"),
  provider: text,
  config: jsonObject,
});
const tools = fc.uniqueArray(fc.oneof(functionTool, providerTool), {
  selector: (tool: Tool) => (tool.type === "function" ? tool.name : tool),
  maxLength: 3,
});

function toolChoice(among: readonly Tool[]): fc.Arbitrary<ToolChoice> {
  const functions = among.flatMap((tool) =>
    tool.type === "function" ? { functionName: tool.name } : [],
  );
  const required = among.length > 0 ? (["required"] as const) : [];
  return record<ToolChoice>(
    {
      mode: fc.constantFrom<ToolChoice["mode"]>("auto", "none", ...required, ...functions),
      parallel: fc.boolean(),
    },
    "parallel",
  );
}

const sampling = record<Sampling>(
  {
    maxOutputTokens: count,
    temperature: double,
    topP: double,
    topK: count,
    frequencyPenalty: double,
    presencePenalty: double,
    seed: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    stopSequences: fc.array(word, { minLength: 1, maxLength: 3 }),
    deterministic: fc.constant(true),
    logprobs: fc.boolean(),
    topLogprobs: count,
  },
  "maxOutputTokens",
  "temperature",
  "topP",
  "topK",
  "frequencyPenalty",
  "presencePenalty",
  "seed",
  "stopSequences",
  "deterministic",
  "logprobs",
  "topLogprobs",
);

const reasoning = record<Reasoning>(
  {
    effort: fc.constantFrom("none", "minimal", "low", "medium", "high", "max"),
    budgetTokens: count,
    includeText: fc.boolean(),
  },
  "effort",
  "budgetTokens",
  "includeText",
);

const onInvalid = fc.constantFrom("fail", "retry");
const outputFormat: fc.Arbitrary<OutputFormat> = fc.oneof(
  fc.constant({ type: "text" } as const),
  record<Extract<OutputFormat, { type: "json-object" }>>(
    { type: fc.constant("json-object"), onInvalid },
    "onInvalid",
  ),
  record<Extract<OutputFormat, { type: "json-schema" }>>(
    {
      type: fc.constant("json-schema"),
      name: text,
      schema: jsonText,
      description: text,
      strict: fc.boolean(),
      onInvalid,
    },
    "strict",
    "onInvalid",
  ),
);

const kinds = fc.uniqueArray(fc.constantFrom(...ERROR_KINDS), { maxLength: 3 });
const routing = record<Routing>(
  {
    fallbacks: few(
      record<Routing["fallbacks"][number]>({ model: text, provider: word }, "provider"),
    ),
    strategy: fc.constantFrom("ordered", "lowest-cost", "lowest-latency"),
    allowedProviders: few(text),
    deniedProviders: few(text),
    unsupportedParameters: fc.constantFrom("drop", "reject"),
    failoverOn: kinds,
    disableFailover: fc.boolean(),
    midStreamRecovery: fc.constantFrom("fail", "restart", "continue"),
    hedge: record<NonNullable<Routing["hedge"]>>({ delayMs: ms }, "delayMs"),
  },
  "hedge",
);

const retry = record<RetryPolicy>(
  {
    maxAttempts: count,
    maxTotalAttempts: count,
    initialBackoffMs: ms,
    maxBackoffMs: ms,
    backoffMultiplier: double,
    jitter: double,
    maxTotalDelayMs: ms,
    retryOn: kinds,
  },
  "maxAttempts",
  "maxTotalAttempts",
  "initialBackoffMs",
  "maxBackoffMs",
  "backoffMultiplier",
  "jitter",
  "maxTotalDelayMs",
);

const timeouts = record<Timeouts>(
  { totalMs: ms, attemptMs: ms, connectMs: ms, firstTokenMs: ms, idleMs: ms },
  "totalMs",
  "attemptMs",
  "connectMs",
  "firstTokenMs",
  "idleMs",
);

const abort = record<Partial<AbortPolicy>>(
  { mode: fc.constantFrom("close", "drain"), maxTimeMs: ms, maxCostPicos: picos },
  "mode",
  "maxTimeMs",
  "maxCostPicos",
);

/** A request with any of its fields, and every kind of part, tool and format. */
export const spec: fc.Arbitrary<GenerationSpec> = tools.chain((own) =>
  record<GenerationSpec>(
    {
      model: text,
      messages,
      tools: fc.constant(own),
      toolChoice: toolChoice(own),
      sampling,
      reasoning,
      outputFormat,
      routing,
      retry,
      timeouts,
      providerOptions: fc.dictionary(word, jsonObject, { maxKeys: 2, noNullPrototype: true }),
      labels: fc.dictionary(word, text, { maxKeys: 2, noNullPrototype: true }),
      endUserId: text,
      budget: record<Budget>({ maxCostPicos: picos, currency: text }),
      abort,
    },
    "toolChoice",
    "budget",
    "abort",
  ),
);

/** Options of a stream; one that is ephemeral asks for nothing that outlives its call. */
export const streamOptions: fc.Arbitrary<StreamOptions> = record<StreamOptions>({
  jsonMode: fc.constantFrom("off", "values", "patches"),
  omitJsonText: fc.boolean(),
  omitReasoning: fc.boolean(),
  includeUsage: fc.boolean(),
  includeUsageUpdates: fc.boolean(),
  includeEventTime: fc.boolean(),
  omitFinalMessage: fc.boolean(),
  heartbeatMs: ms,
  ephemeral: fc.boolean(),
  retentionMs: maybe(ms),
  onDisconnect: fc.constantFrom("grace", "cancel", "continue"),
  disconnectGraceMs: maybe(ms),
}).filter(
  ({ ephemeral, retentionMs, onDisconnect, disconnectGraceMs }) =>
    !ephemeral ||
    (retentionMs === undefined && disconnectGraceMs === undefined && onDisconnect !== "continue"),
);
