import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { StoredEvent, StreamEventBody } from "../../../src/domain/generation.ts";
import { type Commit, commitOf, HeldBack } from "../../../src/doors/shared/held-back.ts";
import type { DiscardingEncoder } from "../../../src/doors/shared/stream-encoder.ts";

const text = (value: string) => ({ type: "text-delta", partIndex: 0, text: value });
const NOTICE = { type: "attempt-notice", notice: { discardOutput: true } };
const COMPLETE = { type: "complete" };

/** Writes text as it is, and `.` for the end. */
function plainEncoder(): DiscardingEncoder & { readonly discards: () => number } {
  let discards = 0;
  return {
    discards: () => discards,
    discard() {
      discards++;
    },
    encode({ body }) {
      if (body.type === "text-delta") return body.text;
      return body.type === "complete" ? "." : "";
    },
    heartbeat: () => "ping",
    fail: ({ message }) => message,
  };
}

/** What goes out at each event. */
function pieces(commit: Commit, bodies: readonly object[]) {
  const encoder = plainEncoder();
  const held = new HeldBack(encoder, commit);
  const written = bodies.map((body, index) => {
    const event = {
      sequence: index + 1,
      writer: 1,
      attemptIndex: 1,
      body: body as StreamEventBody,
    };
    return held.encode(event as StoredEvent);
  });
  return { written, held, discards: encoder.discards() };
}

describe("output that is held back", () => {
  it.each([
    [3, ["ab", "cd", "e"], ["", "abcd", "e", "."]],
    [2, ["ab", "cd"], ["ab", "cd", "."]],
    // Characters are code points.
    [2, ["😀", "é", "x"], ["", "😀é", "x", "."]],
    [9, ["ab", "cd"], ["", "", "abcd."]],
    ["complete", ["ab", "cd"], ["", "", "abcd."]],
  ] as const)("is released behind %s characters of %j", (commit, texts, expected) => {
    expect(pieces(commit, [...texts.map(text), COMPLETE]).written).toEqual(expected);
  });

  it.each([3, "complete"] as const)("is dropped if it is void before %s", (commit) => {
    const { written, discards } = pieces(commit, [
      text("ab"),
      NOTICE,
      text("c"),
      text("de"),
      COMPLETE,
    ]);
    expect(written.join("")).toBe("cde.");
    // The characters count anew.
    expect(written.slice(0, 3).join("")).toBe("");
    expect(discards).toBe(1);
  });

  it("shows signs of life as comments, and those of the dialect once it is out", () => {
    expect(pieces(3, [text("ab")]).held.heartbeat()).toMatch(/^:/);
    expect(pieces(3, [text("abc")]).held.heartbeat()).toBe("ping");
  });

  it("fails with the error of the dialect, without the output", () => {
    const { held } = pieces(3, [text("ab")]);
    expect(held.fail(new GatewayError("network", "gone"))).toBe("gone");
  });
});

describe("x-steer-commit", () => {
  const asked = (value: string | undefined) => commitOf(() => value);

  it.each([
    [undefined, undefined],
    ["complete", "complete"],
    ["1", 1],
    ["9999999", 9_999_999],
  ])("%s is read", (given, expected) => {
    expect(asked(given)).toBe(expected);
  });

  it.each(["", "0", "-1", "1.5", "1e3", "all", "10000000", " 5"])("%j is refused", (given) => {
    expect(() => asked(given)).toThrow("x-steer-commit");
  });
});
