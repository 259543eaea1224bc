import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GenerationSpec } from "../../../src/domain/generation-spec.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { decodeStoredRequest, encodeStoredRequest } from "../../../src/rpc/stored-request.ts";
import { spec, streamOptions } from "../../support/arbitrary-spec.ts";
import { SCHEMA } from "../../support/full-spec.ts";

const [usual] = fc.sample(streamOptions, { numRuns: 1, seed: 1 });
if (usual === undefined) throw new Error("no options");

/** A spec with nothing but a question, and what a test is about. */
const asking = (more: Partial<GenerationSpec>): GenerationSpec => ({
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
  ...more,
});
const again = (request: GenerationSpec): GenerationSpec | undefined =>
  decodeStoredRequest(encodeStoredRequest(request, usual, "unary"), "unary")?.spec;

describe("a stored request", () => {
  it("of a stream is what was stored: nothing of the spec and the options is lost", () => {
    fc.assert(
      fc.property(spec, streamOptions, (request, options) => {
        const bytes = encodeStoredRequest(request, options, "stream");
        const stored = decodeStoredRequest(bytes, "stream");
        expect(stored).toStrictEqual({ spec: request, options });
        // Keys of JSON keep their order too: a cached prompt has to be the same text.
        const { providerOptions, tools } = stored?.spec ?? {};
        expect(JSON.stringify([providerOptions, tools])).toBe(
          JSON.stringify([request.providerOptions, request.tools]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("of a whole answer has its spec alone", () => {
    fc.assert(
      fc.property(spec, streamOptions, (request, options) => {
        const bytes = encodeStoredRequest(request, options, "unary");
        expect(decodeStoredRequest(bytes, "unary")?.spec).toStrictEqual(request);
      }),
      { numRuns: 50 },
    );
  });

  it("has schemas and arguments byte for byte", () => {
    const call = { type: "tool-call", id: "c", name: "f", argumentsJson: `${SCHEMA} {` } as const;
    const own = { type: "function", name: "f", description: "" } as const;
    const request = asking({
      messages: [...asking({}).messages, { role: "assistant", parts: [call] }],
      tools: [{ ...own, parametersJsonSchema: SCHEMA }],
      outputFormat: { type: "json-schema", name: "n", schema: SCHEMA, description: "" },
    });
    expect(again(request)).toStrictEqual(request);
  });

  it("has part of a millisecond as a whole one, and a lone surrogate as U+FFFD", () => {
    const timeouts = { totalMs: 1.5 };
    const text = (value: string) => ({ type: "text", text: value }) as const;
    const messages = [{ role: "user", parts: [text("a\ud83d")] }] as const;
    expect(again(asking({ timeouts, messages }))).toMatchObject({
      timeouts: { totalMs: 2 },
      messages: [{ parts: [text("a\ufffd")] }],
    });
  });

  it("cannot be read with JSON that is too deep, or with text that is empty", () => {
    const nested = (levels: number): JsonObject =>
      levels === 1 ? { leaf: [] } : { next: nested(levels - 1) };
    const options = (levels: number) => asking({ providerOptions: { openai: nested(levels) } });
    expect(again(options(30))).toStrictEqual(options(30));
    expect(again(options(60))).toBeUndefined();
    const messages = [{ role: "user", parts: [{ type: "text", text: "" }] }] as const;
    expect(again(asking({ messages }))).toBeUndefined();
  });

  it("cannot be made of a number that the contract's field does not hold", () => {
    for (const sampling of [{ seed: 2 ** 31 }, { maxOutputTokens: 1.5 }]) {
      expect(() => again(asking({ sampling }))).toThrow();
    }
  });
});
