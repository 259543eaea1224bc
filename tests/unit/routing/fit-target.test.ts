import { describe, expect, it } from "vitest";
import type {
  FunctionTool,
  GenerationSpec,
  Message,
  Part,
  ReasoningEffort,
  Sampling,
} from "../../../src/domain/generation-spec.ts";
import type { Capability, ModelRecord } from "../../../src/domain/model.ts";
import { type Fit, fitTarget } from "../../../src/routing/fit-target.ts";
import { testRouting, testSpec } from "../../support/provider-request.ts";
import { modelOf } from "../../support/routing.ts";

const tool: FunctionTool = {
  type: "function",
  name: "f",
  description: "",
  parametersJsonSchema: "{}",
};
const rejecting = testRouting({ unsupportedParameters: "reject" });

function fitted(spec: GenerationSpec, record: Partial<ModelRecord> = {}) {
  const fit = fitTarget(spec, modelOf(record));
  if (fit.state !== "fits") throw new Error(fit.reason);
  return fit;
}

function reasonOf(fit: Fit): string {
  return fit.state === "ineligible" ? `${fit.field}: ${fit.reason}` : "fits";
}

const user = (...parts: Part[]): Message => ({ role: "user", parts });
const fileOf = (provider: string): Part => ({
  type: "file",
  filename: "",
  source: { type: "provider-file", fileId: "f", provider, mediaType: "" },
});
const image: Part = { type: "image", source: { type: "uri", uri: "https://x", mediaType: "" } };

describe("fitTarget", () => {
  it("hands the same request on when there is nothing to change", () => {
    const spec = testSpec({ sampling: { temperature: 0.7, seed: 1 }, endUserId: "u" });
    const fit = fitted(spec);
    expect(fit.spec).toBe(spec);
    expect(fit.warnings).toEqual([]);
  });

  it.each<[string, Partial<GenerationSpec>, Capability]>([
    ["spec.tools: tools", { tools: [tool] }, "tools"],
    ["spec.messages: images", { messages: [user(image)] }, "image-input"],
    ["spec.messages: files", { messages: [user(fileOf("one"))] }, "file-input"],
    [
      "spec.messages: images",
      {
        messages: [
          user({ type: "tool-result", toolCallId: "", name: "", content: [image], isError: false }),
        ],
      },
      "image-input",
    ],
    [
      "spec.output_format.json_object: JSON output without a schema",
      { outputFormat: { type: "json-object" } },
      "json-object",
    ],
    [
      "spec.output_format.json_schema: output by a JSON schema",
      { outputFormat: { type: "json-schema", name: "", schema: "{}", description: "" } },
      "json-schema",
    ],
  ])("is ineligible without the capability: %s", (reason, changes, capability) => {
    const spec = testSpec(changes);
    expect(reasonOf(fitTarget(spec, modelOf()))).toBe(reason);
    expect(fitted(spec, { capabilities: [capability] }).spec).toBe(spec);
  });

  it.each<[string, Partial<GenerationSpec>]>([
    [
      "spec.tools[0]: a tool of other",
      { tools: [{ type: "provider", provider: "other", config: {} }] },
    ],
    ["spec.messages[1]: a file of other", { messages: [user(), user(fileOf("other"))] }],
    [
      "spec.messages[0]: a file of other",
      {
        messages: [
          user({
            type: "tool-result",
            toolCallId: "",
            name: "",
            content: [fileOf("other")],
            isError: false,
          }),
        ],
      },
    ],
  ])("is ineligible for what another provider keeps or runs: %s", (reason, changes) => {
    expect(reasonOf(fitTarget(testSpec(changes), modelOf()))).toBe(reason);
  });

  it.each(["one", "openai"])("takes tools and files of %s, its instance and its type", (owner) => {
    const spec = testSpec({
      tools: [{ type: "provider", provider: owner, config: {} }],
      messages: [user(fileOf(owner))],
    });
    expect(fitted(spec, { capabilities: ["tools", "file-input"] }).spec).toBe(spec);
  });

  it("leaves out the reasoning of other instances, and messages that held nothing else", () => {
    const reasoning = (provider: string): Part => ({
      type: "reasoning",
      text: "Hm.",
      signature: new Uint8Array(1),
      redacted: false,
      provider,
    });
    const text: Part = { type: "text", text: "Hi" };
    const messages: Message[] = [
      user(text),
      { role: "assistant", parts: [reasoning("other"), reasoning("one"), text] },
      { role: "assistant", parts: [reasoning("other")] },
    ];
    const fit = fitted(testSpec({ messages }));
    expect(fit.spec.messages).toEqual([
      messages[0],
      { role: "assistant", parts: [reasoning("one"), text] },
    ]);
    expect(fit.spec.messages[0]).toBe(messages[0]);
    expect(fit.warnings.map(({ reason, field }) => [reason, field])).toEqual([
      ["REASONING_DROPPED", "messages[1].parts[0].reasoning"],
    ]);
  });

  it.each<[string, Partial<GenerationSpec>]>([
    ["sampling.seed", { sampling: { seed: 1, topP: 0.5 } }],
    ["sampling.top_k", { sampling: { topK: 3, topP: 0.5 } }],
    ["sampling.stop_sequences", { sampling: { stopSequences: ["x"], topP: 0.5 } }],
    ["end_user_id", { endUserId: "u", sampling: { topP: 0.5 } }],
    ["messages.name", { messages: [{ ...user(), name: "ann" }], sampling: { topP: 0.5 } }],
    ["reasoning.budget_tokens", { reasoning: { budgetTokens: 9 }, sampling: { topP: 0.5 } }],
  ])("drops %s with a warning, or is ineligible", (parameter, changes) => {
    const record: Partial<ModelRecord> = { parameters: ["sampling.top_p"] };
    const spec = testSpec(changes);
    const fit = fitted(spec, record);
    expect(fit.warnings).toEqual([
      {
        reason: "PARAMETER_DROPPED",
        field: parameter,
        message: `one/m does not take ${parameter}`,
      },
    ]);
    const { messages: [message] = [] } = fit.spec;
    expect(fit.spec).toMatchObject({ sampling: { topP: 0.5 }, reasoning: {}, endUserId: "" });
    expect(Object.keys(fit.spec.sampling)).toEqual(["topP"]);
    expect(Object.keys(fit.spec.reasoning)).toEqual([]);
    expect(message).not.toHaveProperty("name");
    const rejected = fitTarget({ ...spec, routing: rejecting }, modelOf(record));
    expect(reasonOf(rejected)).toBe(`spec.${parameter}: ${parameter}`);
  });

  it("drops a parameter that the dialect cannot carry", () => {
    const spec = testSpec({ sampling: { seed: 1 } });
    expect(fitted(spec, { dialect: "responses" }).warnings).toMatchObject([
      { field: "sampling.seed" },
    ]);
  });

  it("does not warn of defaults that it leaves out", () => {
    const fit = fitted(testSpec({ routing: rejecting }), {
      parameters: ["sampling.top_p"],
      defaultSampling: { temperature: 1, topP: 0.9 },
    });
    expect(fit.spec.sampling).toEqual({ topP: 0.9 });
    expect(fit.warnings).toEqual([]);
  });

  it("lowers a token limit above the model's, and no other", () => {
    const record = { maxOutputTokens: 100 };
    const limit = (maxOutputTokens: number) =>
      fitted(testSpec({ sampling: { maxOutputTokens }, routing: rejecting }), record);
    expect(limit(100).warnings).toEqual([]);
    expect(limit(101).spec.sampling).toEqual({ maxOutputTokens: 100 });
    expect(limit(101).warnings).toEqual([
      {
        reason: "PARAMETER_CLAMPED",
        message: "one/m gives at most 100 tokens",
        field: "sampling.max_output_tokens",
      },
    ]);
  });

  it.each<[ReasoningEffort, readonly string[], string | undefined]>([
    ["high", ["low", "high", "xhigh"], "high"],
    ["max", ["low", "high", "xhigh"], "xhigh"],
    ["max", ["low", "max"], "max"],
    ["max", ["none"], undefined],
    ["max", [], undefined],
    ["none", ["none", "low"], "none"],
    ["none", ["low"], undefined],
    ["minimal", ["low", "high"], undefined],
  ])("says effort %s to a model with %j as %s", (effort, efforts, word) => {
    const fit = fitted(testSpec({ reasoning: { effort } }), { efforts });
    expect(fit.effort).toBe(word);
    expect(fit.spec.reasoning.effort).toBe(word === undefined ? undefined : effort);
    expect(fit.warnings.map(({ message }) => message)).toEqual(
      word === undefined ? [`one/m does not take reasoning effort ${effort}`] : [],
    );
  });

  it("sends no effort unasked", () => {
    const fit = fitted(testSpec(), { efforts: ["none", "low"], defaultEffort: "low" });
    expect(fit.effort).toBeUndefined();
  });

  it("asks rules about what is left", () => {
    const rules = [{ refuses: "sampling.top_p", together: "sampling.temperature" }] as const;
    const spec = testSpec({ sampling: { temperature: 1, topP: 0.5 } });
    expect(fitted(spec, { rules }).spec.sampling).toEqual({ temperature: 1 });
    const fit = fitted(spec, { rules, parameters: ["sampling.top_p"] });
    expect(fit.spec.sampling).toEqual({ topP: 0.5 });
    expect(fit.warnings.map(({ field }) => field)).toEqual(["sampling.temperature"]);
  });

  it.each<[string, Sampling, Partial<ModelRecord>, Sampling, string[]]>([
    ["sets temperature and seed", {}, {}, { temperature: 0, seed: 42 }, []],
    [
      "overrides temperature and top_p, keeps the seed",
      { temperature: 1, topP: 0.5, seed: 7, maxOutputTokens: 9 },
      {},
      { temperature: 0, seed: 7, maxOutputTokens: 9 },
      [],
    ],
    [
      "takes the model's own values",
      { topP: 0.5 },
      { deterministicSampling: { temperature: 0.1, topP: 0.2 } },
      { temperature: 0.1, topP: 0.2, seed: 42 },
      [],
    ],
    [
      "makes do with what the model takes",
      { temperature: 1 },
      { parameters: ["sampling.seed"] },
      { seed: 42 },
      [],
    ],
    [
      "says so where nothing is left of it",
      { temperature: 1 },
      { parameters: [] },
      {},
      ["sampling.deterministic"],
    ],
  ])("deterministic %s", (_, sampling, record, expected, dropped) => {
    const fit = fitted(testSpec({ sampling: { ...sampling, deterministic: true } }), record);
    expect(fit.spec.sampling).toEqual(expected);
    expect(fit.warnings.map(({ field }) => field)).toEqual(dropped);
  });
});
