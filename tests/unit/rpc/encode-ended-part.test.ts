import { describe, expect, it } from "vitest";
import type { Part } from "../../../src/domain/generation-spec.ts";
import { encodePart } from "../../../src/rpc/encode-content.ts";
import { encodeEndedPart } from "../../../src/rpc/encode-ended-part.ts";
import { MAX_CONTENT_BYTES } from "../../../src/rpc/encode-generation.ts";

const LONG = "x".repeat(MAX_CONTENT_BYTES + 1);
const data = (json: string) => ({ providerType: "openai", json, api: "" });
const signature = (length: number) => new Uint8Array(length);

const text = (value: string): Part => ({ type: "text", text: value });
const refusal = (value: string): Part => ({ type: "refusal", text: value });
const call = (argumentsJson: string): Part => ({
  type: "tool-call",
  id: "c",
  name: "f",
  argumentsJson,
});
const reasoning = (value: string, bytes = 3): Part => ({
  type: "reasoning",
  text: value,
  signature: signature(bytes),
  redacted: true,
  provider: "a",
});
const own = (json: string): Part => ({ type: "provider", providerType: "openai", json, api: "" });

const KINDS = [
  ["text", text],
  ["refusal", refusal],
  ["tool-call", call],
  ["reasoning", reasoning],
] as const;

describe("the end of a part", () => {
  it.each(KINDS)("has the whole of it: %s", (_kind, of) => {
    expect(encodeEndedPart(of("Hi"), false)).toEqual({ part: encodePart(of("Hi")) });
  });

  it.each(KINDS)("has no text of it if that is asked for: %s", (_kind, of) => {
    expect(encodeEndedPart(of("Hi"), true)).toEqual({ remainder: encodePart(of("")) });
  });

  it.each(KINDS)("has no text of it that no client takes: %s", (_kind, of) => {
    const fitting = "x".repeat(MAX_CONTENT_BYTES - 1_000);
    expect(encodeEndedPart(of(fitting), false)).toEqual({ part: encodePart(of(fitting)) });
    expect(encodeEndedPart(of(LONG), false)).toEqual({ remainder: encodePart(of("")) });
  });

  it("has what only its provider reads as it is", () => {
    for (const isShort of [true, false]) {
      const { part, remainder } = encodeEndedPart(own("{}"), isShort);
      expect(part ?? remainder).toEqual(encodePart(own("{}")));
    }
  });

  it("measures everything of a part", () => {
    const annotation = (fields: object) => ({ ...text("Hi"), annotations: [fields] }) as Part;
    for (const part of [
      annotation({ uri: LONG }),
      annotation({ title: LONG }),
      annotation({ citedText: LONG }),
      annotation({ providerData: data(LONG) }),
      { ...text("Hi"), providerData: data(LONG) },
      { ...call("{}"), name: LONG },
      own(LONG),
    ] as Part[]) {
      expect(encodeEndedPart(part, false)).not.toHaveProperty("part");
    }
    expect(encodeEndedPart(annotation({ uri: "u", title: "t", citedText: "c" }), false)).toEqual({
      part: encodePart(annotation({ uri: "u", title: "t", citedText: "c" })),
    });
  });

  it("has a signature, unless no client takes that", () => {
    const kept = (bytes: number, isShort: boolean) => {
      const { data: value } = encodeEndedPart(reasoning("Hm", bytes), isShort).remainder ?? {};
      if (value?.case !== "reasoning") throw new Error("no reasoning is left");
      const { text: left, signature: own, redacted, provider } = value.value ?? {};
      return [left, own?.length, redacted, provider];
    };
    const most = MAX_CONTENT_BYTES - 1_000;
    expect(kept(most, true)).toEqual(["", most, true, "a"]);
    for (const isShort of [true, false]) {
      expect(kept(MAX_CONTENT_BYTES + 1, isShort)).toEqual(["", 0, true, "a"]);
    }
  });
});
