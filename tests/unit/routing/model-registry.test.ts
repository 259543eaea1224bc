import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import {
  createModelRegistry,
  type RegistryEntry,
  type RegistryInstance,
} from "../../../src/routing/model-registry.ts";
import { instance, modelOf, record } from "../../support/routing.ts";

function lookup(
  name: string,
  instances: readonly RegistryInstance[],
  entries: readonly RegistryEntry[] = [],
): string[] {
  const found = createModelRegistry(instances, entries).lookup(name);
  return found.map(({ provider, id }) => `${provider}:${id}`);
}

function failure(name: string, instances: readonly RegistryInstance[]): GatewayError {
  try {
    createModelRegistry(instances, []).lookup(name);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("found");
}

const entry = (id: string, changes: Partial<RegistryEntry> = {}): RegistryEntry => ({
  id,
  provider: "one",
  enabled: true,
  ...changes,
});

const one = instance("one", [
  record("gpt-x", { aliases: ["gpt-x-2026"], displayName: "GPT X", providerModel: "vendor-x" }),
  record("gpt-y"),
]);
const two = instance("two", [record("gpt-x")]);
const other = instance("other", [record("gpt-y")], { type: "xai" });

describe("createModelRegistry", () => {
  it.each([
    ["gpt-x", ["one:gpt-x"]],
    ["GPT X", ["one:gpt-x"]],
    ["gpt x", ["one:gpt-x"]],
    ["vendor-x", ["one:gpt-x"]],
    ["gpt-x-2026", ["one:gpt-x"]],
    ["one/gpt-x", ["one:gpt-x"]],
    ["openai/GPT X", ["one:gpt-x"]],
  ])("finds a model by %s", (name, found) => {
    expect(lookup(name, [one])).toEqual(found);
  });

  it("gives every instance's offer in configuration order", () => {
    expect(lookup("gpt-x", [two, one])).toEqual(["two:gpt-x", "one:gpt-x"]);
    expect(lookup("gpt-y", [other, one])).toEqual(["other:gpt-y", "one:gpt-y"]);
  });

  it.each([
    ["two/gpt-x", ["two:gpt-x"]],
    ["openai/gpt-x", ["one:gpt-x", "two:gpt-x"]],
    ["xai/gpt-y", ["other:gpt-y"]],
  ])("pins the instance, else the type: %s", (name, found) => {
    expect(lookup(name, [one, two, other])).toEqual(found);
  });

  it("finds ids with slashes, plain and pinned", () => {
    const vllm = instance("vllm", [record("meta/llama")]);
    expect(lookup("meta/llama", [vllm])).toEqual(["vllm:meta/llama"]);
    expect(lookup("vllm/meta/llama", [vllm])).toEqual(["vllm:meta/llama"]);
  });

  it("takes an id before another model's alias, and one model of an instance for a name", () => {
    const clash = instance("one", [
      record("a", { aliases: ["b"], providerModel: "same" }),
      record("b", { providerModel: "same" }),
    ]);
    expect(lookup("b", [clash])).toEqual(["one:b"]);
    expect(lookup("b", [clash, instance("two", [record("b")])])).toEqual(["one:b", "two:b"]);
    expect(lookup("same", [clash])).toEqual(["one:a"]);
    expect(lookup("b", [instance("two", [record("c", { aliases: ["b"] })]), clash])).toEqual([
      "one:b",
    ]);
  });

  it("tells ids apart that differ in case alone", () => {
    const cased = instance("one", [record("Llama"), record("llama")]);
    expect(lookup("llama", [cased])).toEqual(["one:llama"]);
    expect(lookup("Llama", [cased])).toEqual(["one:Llama"]);
  });

  it.each([
    ["gpt-z", "gpt-x, gpt-y, GPT X"],
    ["GTP-Y", "gpt-y"],
    ["one/gpt-q", "gpt-x, gpt-y, GPT X"],
    ["nowhere/else", ""],
    ["2026", "gpt-x-2026"],
  ])("refuses %s with near names", (name, near) => {
    const error = failure(name, [one]);
    expect(error).toMatchObject({
      kind: "not-found",
      reason: "MODEL_NOT_FOUND",
      metadata: { resource_type: "model", resource_name: name, suggestions: near },
    });
  });

  it("does not offer a model that is switched off", () => {
    const off = entry("gpt-x", { enabled: false });
    expect(() => lookup("gpt-x-2026", [one], [off])).toThrow('no model "gpt-x-2026"');
    expect(lookup("gpt-x", [one, two], [off])).toEqual(["two:gpt-x"]);
  });

  it("lays a configured model over the built-in one of the same id", () => {
    const { list } = createModelRegistry([one], [entry("gpt-x", { maxOutputTokens: 5 })]);
    expect(list.map(({ id }) => id)).toEqual(["gpt-x", "gpt-y"]);
    expect(list[0]).toMatchObject({ maxOutputTokens: 5, aliases: ["gpt-x-2026"] });
  });

  it("takes a configured model of a compatible server to do what its dialect can", () => {
    const server = instance("one", []);
    const [plain, reasoning] = createModelRegistry(
      [server],
      [entry("a"), entry("b", { efforts: ["low"], dialect: "responses", providerModel: "v" })],
    ).list;
    expect(plain?.capabilities.has("tools")).toBe(true);
    expect(plain?.capabilities.has("reasoning")).toBe(false);
    expect([...(plain?.parameters ?? [])]).toEqual(server.dialects["chat"]);
    expect(reasoning?.capabilities.has("reasoning")).toBe(true);
    expect([...(reasoning?.parameters ?? [])]).toEqual(server.dialects["responses"]);
    expect(reasoning).toMatchObject({ dialect: "responses", providerModel: "v" });
  });

  it.each([
    ["the operator's for the model", "chat", "responses", "responses", "chat"],
    ["the record's", undefined, "responses", "chat", "responses"],
    ["the instance's", undefined, undefined, "responses", "responses"],
  ])("calls a model in %s dialect", (_, own, recorded, dialect, expected) => {
    const at = instance("one", [record("m", recorded ? { dialect: recorded } : {})], { dialect });
    const [model] = createModelRegistry([at], own ? [entry("m", { dialect: own })] : []).list;
    expect(model?.dialect).toBe(expected);
  });

  it("keeps what the model's dialect carries and the rules and efforts of it", () => {
    const rules = [
      { refuses: "tools", dialect: "chat" },
      { refuses: "sampling.seed", dialect: "responses" },
      { refuses: "sampling.top_p" },
    ] as const;
    const at = instance("one", [
      record("m", { rules, efforts: ["low", "max"], dialectEfforts: { chat: ["low"] } }),
      record("n", { rules, efforts: ["low", "max"], dialect: "responses" }),
    ]);
    const [chat, responses] = createModelRegistry([at], []).list;
    expect(chat?.rules).toEqual([rules[0], rules[2]]);
    expect(chat?.efforts).toEqual(["low"]);
    expect(chat?.parameters.has("sampling.seed")).toBe(true);
    expect(responses?.rules).toEqual([rules[1], rules[2]]);
    expect(responses?.efforts).toEqual(["low", "max"]);
    expect(responses?.parameters.has("sampling.seed")).toBe(false);
  });

  it("field:E21 a model's own timeouts go before those of its instance", () => {
    const timeoutsOf = (own: object | undefined, ofInstance: object | undefined) =>
      modelOf(own === undefined ? {} : { timeouts: own }, { timeouts: ofInstance }).timeouts;
    expect(timeoutsOf(undefined, undefined)).toBeUndefined();
    expect(timeoutsOf({ idleMs: 1 }, undefined)).toEqual({ idleMs: 1 });
    expect(timeoutsOf(undefined, { idleMs: 2 })).toEqual({ idleMs: 2 });
    expect(timeoutsOf({ idleMs: 1 }, { idleMs: 2, connectMs: 3 })).toEqual({
      idleMs: 1,
      connectMs: 3,
    });
  });
});
