import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/service/steer/v1/error_pb.ts";
import {
  AbortMode,
  GenerationSpecSchema,
  InvalidOutputAction,
  MidStreamRecovery,
  ReasoningEffort,
  RoutingStrategy,
  UnsupportedParameterAction,
} from "../../../gen/service/steer/v1/generation_pb.ts";
import { ToolMode } from "../../../gen/service/steer/v1/tool_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { decodeSpec } from "../../../src/rpc/decode-spec.ts";

type Init = MessageInitShape<typeof GenerationSpecSchema>;

const decode = (init: Init) =>
  decodeSpec(create(GenerationSpecSchema, { model: "m", prompt: "Hi", ...init }));

/** The field that a refusal names, with what it says. */
function refusal(init: Init): readonly string[] {
  try {
    decode(init);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.violations.flatMap(({ field, description }) => [field, description]);
  }
  return [];
}

const seconds = (value: number) => ({ seconds: BigInt(value) });
const f = (name: string) => ({ kind: { case: "function", value: { name } } }) as const;
const search = { kind: { case: "providerTool", value: { provider: "x" } } } as const;

describe("decodeSpec", () => {
  it("has the defaults for everything that a request does not say", () => {
    expect(decode({})).toStrictEqual({
      model: "m",
      messages: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }],
      tools: [],
      sampling: {},
      reasoning: {},
      outputFormat: { type: "text" },
      routing: {
        fallbacks: [],
        strategy: "ordered",
        allowedProviders: [],
        deniedProviders: [],
        unsupportedParameters: "drop",
        failoverOn: [],
        disableFailover: false,
        midStreamRecovery: "fail",
      },
      retry: { retryOn: [] },
      timeouts: {},
      providerOptions: {},
      labels: {},
      endUserId: "",
    });
  });

  it("takes every number over, those that are 0 too", () => {
    const sampling = {
      maxOutputTokens: 1,
      temperature: 0,
      topP: 0,
      topK: 0,
      frequencyPenalty: 0,
      presencePenalty: 0,
      seed: 0n,
      stopSequences: ["a"],
      deterministic: true,
      logprobs: false,
      topLogprobs: 0,
    };
    const retry = { maxAttempts: 1, maxTotalAttempts: 2, backoffMultiplier: 1, jitter: 0 };
    const decoded = decode({
      sampling: sampling as never,
      retry: {
        ...retry,
        initialBackoff: seconds(1),
        maxBackoff: seconds(2),
        maxTotalDelay: seconds(3),
        retryOn: [ErrorCategory.NETWORK],
      },
      timeouts: {
        total: seconds(1),
        attempt: seconds(2),
        connect: seconds(3),
        firstToken: seconds(4),
        idle: { nanos: 1 },
      },
      reasoning: { effort: ReasoningEffort.NONE, budgetTokens: 0, includeText: false },
      budget: { maxCostPicos: 5n, currencyCode: "USD" },
      abort: { mode: AbortMode.DRAIN, maxTime: seconds(0), maxCostPicos: 0n },
    });
    expect(decoded).toMatchObject({
      sampling,
      retry: {
        ...retry,
        initialBackoffMs: 1_000,
        maxBackoffMs: 2_000,
        maxTotalDelayMs: 3_000,
        retryOn: ["network"],
      },
      timeouts: {
        totalMs: 1_000,
        attemptMs: 2_000,
        connectMs: 3_000,
        firstTokenMs: 4_000,
        idleMs: 1,
      },
      reasoning: { effort: "none", budgetTokens: 0, includeText: false },
      budget: { maxCostPicos: 5, currency: "USD" },
      abort: { mode: "drain", maxTimeMs: 0, maxCostPicos: 0 },
    });
  });

  it("has nothing of what a message leaves out", () => {
    const decoded = decode({ sampling: {}, retry: {}, timeouts: {}, reasoning: {}, abort: {} });
    expect(decoded).toStrictEqual({ ...decode({}), abort: {} });
  });

  it("takes no more money than it can tell exactly", () => {
    const budget = (maxCostPicos: bigint) =>
      decode({ budget: { maxCostPicos, currencyCode: "USD" } }).budget?.maxCostPicos;
    expect(budget(2n ** 53n - 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(budget(2n ** 63n - 1n)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    [ReasoningEffort.UNSPECIFIED, undefined],
    [ReasoningEffort.MINIMAL, "minimal"],
    [ReasoningEffort.LOW, "low"],
    [ReasoningEffort.MEDIUM, "medium"],
    [ReasoningEffort.HIGH, "high"],
    [ReasoningEffort.MAX, "max"],
  ])("effort %i is %s", (effort, expected) => {
    expect(decode({ reasoning: { effort } }).reasoning.effort).toBe(expected);
  });

  it.each([
    [RoutingStrategy.UNSPECIFIED, "ordered"],
    [RoutingStrategy.ORDERED, "ordered"],
    [RoutingStrategy.LOWEST_COST, "lowest-cost"],
    [RoutingStrategy.LOWEST_LATENCY, "lowest-latency"],
  ])("strategy %i is %s", (strategy, expected) => {
    expect(decode({ routing: { strategy } }).routing.strategy).toBe(expected);
  });

  it.each([
    [MidStreamRecovery.UNSPECIFIED, "fail"],
    [MidStreamRecovery.FAIL, "fail"],
    [MidStreamRecovery.RESTART, "restart"],
    [MidStreamRecovery.CONTINUE, "continue"],
  ])("recovery %i is %s", (midStreamRecovery, expected) => {
    expect(decode({ routing: { midStreamRecovery } }).routing.midStreamRecovery).toBe(expected);
  });

  it.each([
    [AbortMode.UNSPECIFIED, undefined],
    [AbortMode.CLOSE, "close"],
    [AbortMode.DRAIN, "drain"],
  ])("abort mode %i is %s", (mode, expected) => {
    expect(decode({ abort: { mode } }).abort?.mode).toBe(expected);
  });

  it("takes a route over", () => {
    const routing = {
      fallbacks: [{ model: "a" }, { model: "b", provider: "p" }],
      allowedProviders: ["p"],
      deniedProviders: ["q"],
      unsupportedParameters: UnsupportedParameterAction.REJECT,
      failoverOn: [ErrorCategory.RATE_LIMIT],
      disableFailover: true,
      hedge: {},
    };
    expect(decode({ routing }).routing).toStrictEqual({
      ...routing,
      strategy: "ordered",
      unsupportedParameters: "reject",
      failoverOn: ["rate-limit"],
      midStreamRecovery: "fail",
    });
    const { hedge } = decode({ routing: { hedge: { delay: { nanos: 200_000_000 } } } }).routing;
    expect(hedge).toStrictEqual({ delayMs: 200 });
  });
});

describe("an output format", () => {
  const json = { name: "n", description: "d", schema: "{}" };

  it.each<[Init["outputFormat"], object]>([
    [{ format: { case: "text", value: {} } }, { type: "text" }],
    [{ format: { case: "jsonObject", value: {} } }, { type: "json-object" }],
    [
      { format: { case: "jsonObject", value: { onInvalid: InvalidOutputAction.FAIL } } },
      { type: "json-object", onInvalid: "fail" },
    ],
    [{ format: { case: "jsonSchema", value: json } }, { type: "json-schema", ...json }],
    [
      {
        format: {
          case: "jsonSchema",
          value: { ...json, strict: false, onInvalid: InvalidOutputAction.RETRY },
        },
      },
      { type: "json-schema", ...json, strict: false, onInvalid: "retry" },
    ],
  ])("%# is taken over", (outputFormat, expected) => {
    expect(decode(outputFormat === undefined ? {} : { outputFormat }).outputFormat).toStrictEqual(
      expected,
    );
  });

  it.each(["[]", "true", "1", "{"])("with the schema %s is refused", (schema) => {
    const value = { ...json, schema };
    const [field] = refusal({ outputFormat: { format: { case: "jsonSchema", value } } });
    expect(field).toBe("spec.output_format.json_schema.schema");
  });
});

describe("tools", () => {
  it("are taken over", () => {
    const full = { name: "g", description: "d", parametersJsonSchema: "{}", strict: false };
    const own = { kind: { case: "function", value: full } } as const;
    const value = { provider: "x", config: { a: 1 } };
    const vendors = { kind: { case: "providerTool", value } } as const;
    expect(decode({ tools: [f("f"), own, vendors, search] }).tools).toStrictEqual([
      { type: "function", name: "f", description: "", parametersJsonSchema: "" },
      { type: "function", ...full },
      { type: "provider", provider: "x", config: { a: 1 } },
      { type: "provider", provider: "x", config: {} },
    ]);
  });

  it.each<[Init["tools"] & object, string, string]>([
    [[{}], "spec.tools[0]", "the tool is empty"],
    [[f("f"), f("f")], "spec.tools[1].function.name", "another tool has this name"],
    [
      [{ kind: { case: "function", value: { name: "f", parametersJsonSchema: "[]" } } }],
      "spec.tools[0].function.parameters_json_schema",
      "not a JSON object",
    ],
  ])("%# are refused by their field", (tools, ...said) => {
    expect(refusal({ tools })).toEqual(said);
  });

  it.each<[Init["toolChoice"] & object, object]>([
    [{}, { mode: "auto" }],
    [{ choice: { case: "mode", value: ToolMode.AUTO } }, { mode: "auto" }],
    [{ choice: { case: "mode", value: ToolMode.NONE } }, { mode: "none" }],
    [{ choice: { case: "mode", value: ToolMode.REQUIRED } }, { mode: "required" }],
    [
      { choice: { case: "functionName", value: "f" }, parallel: false },
      { mode: { functionName: "f" }, parallel: false },
    ],
    [
      { choice: { case: "mode", value: ToolMode.REQUIRED }, parallel: true },
      { mode: "required", parallel: true },
    ],
  ])("the choice %# is taken over", (toolChoice, expected) => {
    expect(decode({ tools: [f("f")], toolChoice }).toolChoice).toStrictEqual(expected);
  });

  it.each<[Init, string, string]>([
    [
      { toolChoice: { choice: { case: "mode", value: ToolMode.REQUIRED } } },
      "spec.tool_choice.mode",
      "REQUIRED needs at least one tool",
    ],
    [
      { tools: [f("g"), search], toolChoice: { choice: { case: "functionName", value: "f" } } },
      "spec.tool_choice.function_name",
      "no tool of the request has this name",
    ],
  ])("the choice %# of what is not there is refused", (init, ...said) => {
    expect(refusal(init)).toEqual(said);
  });
});
