import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { FunctionTool, GenerationSpec } from "../../../src/domain/generation-spec.ts";
import { createModelRegistry, type RegistryInstance } from "../../../src/routing/model-registry.ts";
import { Router, type Unavailable } from "../../../src/routing/router.ts";
import { testRouting, testSpec } from "../../support/provider-request.ts";
import { instance, record } from "../../support/routing.ts";

const able = record("m", { capabilities: ["generate", "tools"] });
const instances = [
  instance("plain", [record("m")]),
  instance("able", [able, record("n")]),
  instance("third", [able], { type: "xai" }),
];

function router(
  unavailable: Readonly<Record<string, Unavailable>> = {},
  providers: readonly RegistryInstance[] = instances,
) {
  return new Router({
    lookup: createModelRegistry(providers, []).lookup,
    unavailable: (id) => unavailable[id],
    unsupported: () => undefined,
    providers,
    inputTokens: () => 1_000,
    latencyMs: () => undefined,
  });
}

const tools: FunctionTool[] = [
  { type: "function", name: "f", description: "", parametersJsonSchema: "{}" },
];

function spec(changes: Partial<GenerationSpec> = {}): GenerationSpec {
  return testSpec({ model: "m", ...changes });
}

function limitedTo(
  allowedProviders: readonly string[],
  deniedProviders: readonly string[] = [],
): Partial<GenerationSpec> {
  return { routing: testRouting({ allowedProviders, deniedProviders }) };
}

function targets(
  changes: Partial<GenerationSpec>,
  unavailable?: Readonly<Record<string, Unavailable>>,
): string[] {
  return router(unavailable)
    .route(spec(changes))
    .targets.map(({ model }) => model.provider);
}

function failure(
  changes: Partial<GenerationSpec>,
  unavailable?: Readonly<Record<string, Unavailable>>,
): GatewayError {
  try {
    router(unavailable).route(spec(changes));
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("a target was chosen");
}

const NO_KEY = { cause: "not-configured", variable: "SOME_KEY" } as const;
const OFF = { cause: "disabled" } as const;

describe("Router", () => {
  it("gives the eligible targets in configuration order, fitted", () => {
    const { targets: found, skipped } = router().route(spec({ sampling: { topK: 1 } }));
    expect(found.map(({ model }) => model.provider)).toEqual(["plain", "able", "third"]);
    expect(found[0]?.spec.sampling).toEqual({});
    expect(found[0]?.warnings).toMatchObject([{ field: "sampling.top_k" }]);
    expect(skipped).toEqual([]);
  });

  it("passes over targets that cannot serve the request, and says why", () => {
    const route = router().route(spec({ tools }));
    expect(route.targets.map(({ model }) => model.provider)).toEqual(["able", "third"]);
    expect(route.skipped).toEqual([
      { target: { provider: "plain", model: "m" }, reason: "plain/m does not take tools" },
    ]);
  });

  it("says nothing of offers behind the chosen target", () => {
    const route = router({}, instances.toReversed()).route(spec({ tools }));
    expect(route.targets.map(({ model }) => model.provider)).toEqual(["third", "able"]);
    expect(route.skipped).toEqual([]);
  });

  it("passes over targets without a key or switched off", () => {
    expect(targets({}, { plain: NO_KEY, able: OFF })).toEqual(["third"]);
  });

  it.each([
    [["able"], [], ["able"]],
    [["openai"], [], ["plain", "able"]],
    [[], ["openai"], ["third"]],
    [["openai", "third"], ["plain"], ["able", "third"]],
  ])("keeps to allowed %j without denied %j", (allowed, denied, expected) => {
    expect(targets(limitedTo(allowed, denied))).toEqual(expected);
  });

  it("looks options up by instance, then by type", () => {
    const providerOptions = { able: { a: 1 }, openai: { b: 2 } };
    const { targets: found } = router().route(spec({ providerOptions }));
    expect(found.map(({ options }) => options)).toEqual([{ b: 2 }, { a: 1 }, {}]);
  });

  it.each<[string, Partial<GenerationSpec>, string]>([
    [
      "spec.provider_options",
      { providerOptions: { abel: {} } },
      'no provider "abel"; did you mean able?',
    ],
    ["spec.routing.allowed_providers", limitedTo(["thirdd"]), 'no provider "thirdd"; did you mean'],
    ["spec.routing.denied_providers", limitedTo([], ["nowhere"]), 'no provider "nowhere"'],
    [
      "spec.routing",
      limitedTo([], ["openai", "xai"]),
      "m is offered by plain, able, third only, which the request excludes",
    ],
  ])("refuses names in %s that lead nowhere", (field, changes, description) => {
    const error = failure(changes);
    expect(error.kind).toBe("validation");
    expect(error.violations).toMatchObject([
      { field, description: expect.stringContaining(description) },
    ]);
  });

  it("names every combination that no target takes", () => {
    const error = failure({ model: "m", tools, outputFormat: { type: "json-object" } });
    expect(error).toMatchObject({
      kind: "validation",
      reason: "UNSUPPORTED_PARAMETER",
      violations: [
        { field: "spec.tools", description: "plain/m does not take tools" },
        {
          field: "spec.output_format.json_object",
          description: "able/m does not take JSON output without a schema",
        },
        {
          field: "spec.output_format.json_object",
          description: "third/m does not take JSON output without a schema",
        },
      ],
    });
    expect(error.message).toContain("plain/m does not take tools; able/m does not");
  });

  it("names five of many", () => {
    const many = Array.from({ length: 50 }, (_, index) => instance(`i${index}`, [record("m")]));
    expect(() => router({}, many).route(spec({ tools }))).toThrow(
      expect.objectContaining({ violations: expect.objectContaining({ length: 5 }) }),
    );
  });

  it("names the variable of a provider without a key", () => {
    expect(failure({ model: "n" }, { able: NO_KEY })).toMatchObject({
      kind: "provider-authentication",
      reason: "PROVIDER_NOT_CONFIGURED",
      message: "provider able has no key: set SOME_KEY",
      metadata: { provider: "able", variable: "SOME_KEY" },
    });
  });

  it("says first what the caller can change", () => {
    const error = failure({ tools, ...limitedTo(["plain", "able"]) }, { able: NO_KEY });
    expect(error.reason).toBe("UNSUPPORTED_PARAMETER");
  });

  it("does not know the models of a provider that is switched off", () => {
    expect(failure({ model: "n" }, { able: OFF })).toMatchObject({
      kind: "not-found",
      reason: "MODEL_NOT_FOUND",
    });
    expect(failure({}, { plain: OFF, able: NO_KEY, third: OFF }).reason).toBe(
      "PROVIDER_NOT_CONFIGURED",
    );
  });

  it("has candidates for an estimate without a key, and where nothing fits", () => {
    const routes = router({ plain: NO_KEY, able: NO_KEY, third: NO_KEY });
    const names = (changes: Partial<GenerationSpec>) =>
      routes.candidates(spec(changes)).map(({ model }) => model.provider);
    expect(names({ tools })).toEqual(["able", "third"]);
    expect(names({ outputFormat: { type: "json-object" } })).toEqual(["plain", "able", "third"]);
  });
});

describe("field:E26 fallbacks of a model in the configuration", () => {
  const offers = [
    instance("one", [record("m", { fallbacks: ["n", "two/o"] }), record("o")]),
    instance("two", [record("n", { fallbacks: ["m"] }), record("o"), record("p")]),
    instance("three", [record("n")], { type: "xai" }),
    instance("four", [record("m", { fallbacks: ["p"] })], { type: "xai" }),
  ];
  const route = (changes: Partial<GenerationSpec> = {}): string[] =>
    router({}, offers)
      .route(spec(changes))
      .targets.map(({ model }) => `${model.provider}/${model.id}`);

  it("follow all offers of the model, in the order of the list, and theirs are not followed", () => {
    expect(route()).toEqual(["one/m", "four/m", "two/n", "three/n", "two/o", "two/p"]);
    expect(route({ model: "one/m" })).toEqual(["one/m", "two/n", "three/n", "two/o"]);
    expect(route({ model: "n" })).toEqual(["two/n", "three/n", "one/m", "four/m"]);
    expect(route({ model: "p" })).toEqual(["two/p"]);
  });

  it("are left out where the call names its own, or wants no failover", () => {
    const own = testRouting({ fallbacks: [{ model: "p" }] });
    expect(route({ routing: own })).toEqual(["one/m", "four/m", "two/p"]);
    expect(route({ routing: testRouting({ disableFailover: true }) })).toEqual(["one/m"]);
    const disabled = testRouting({ disableFailover: true, deniedProviders: ["one", "four"] });
    expect(() => route({ routing: disabled })).toThrow("which the request excludes");
  });

  it("stay within the providers that the call allows", () => {
    const limited = testRouting({ deniedProviders: ["xai"] });
    expect(route({ routing: limited })).toEqual(["one/m", "two/n", "two/o"]);
  });

  it("serve what the model itself cannot", () => {
    const plain = [
      instance("one", [record("m", { fallbacks: ["n"] })]),
      instance("two", [record("n", { capabilities: ["generate", "tools"] })]),
    ];
    const { targets: served } = router({}, plain).route(spec({ tools }));
    expect(served.map(({ model }) => model.id)).toEqual(["n"]);
    const routing = testRouting({ disableFailover: true });
    expect(() => router({}, plain).route(spec({ tools, routing }))).toThrow(
      "no target is eligible",
    );
  });
});
