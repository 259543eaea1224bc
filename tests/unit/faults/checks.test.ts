import { describe, expect, it } from "vitest";
import { check } from "../../faults/harness/checks.ts";
import type { Reading, SeenEvent } from "../../faults/harness/consumer.ts";
import { token } from "../../faults/harness/script.ts";

const TOKENS = 3;

function events(...digests: string[]): SeenEvent[] {
  return digests.map((digest, index) => ({
    sequence: index + 1,
    writer: 7,
    digest,
    isUndurable: false,
  }));
}

function reading(overrides: Partial<Reading> = {}): Reading {
  return {
    rid: "r",
    tokens: TOKENS,
    streamId: "s.1",
    startedAt: 0,
    endedAt: 1,
    firstEventMs: 1,
    events: events("a", "b", "c"),
    text: [0, 1, 2].map((index) => token("r", index)).join(""),
    outcome: "complete",
    reason: "",
    isTyped: false,
    repeated: [],
    holes: [],
    silentEnds: 0,
    reconnects: 0,
    takeoverGaps: [],
    ...overrides,
  };
}

const text = (...indexes: number[]): string => indexes.map((index) => token("r", index)).join("");

describe("what readings prove", () => {
  it("is nothing where everything is whole", () => {
    const { counts, violations } = check([reading(), reading()]);
    expect(Object.values(counts)).toEqual([0, 0, 0, 0, 0]);
    expect(violations).toEqual([]);
  });

  it.each([
    ["a token that is missing", { text: text(0, 2) }, { lost: 1 }],
    ["a token that comes twice", { text: text(0, 1, 1, 2) }, { duplicated: 1 }],
    ["a success that stops early", { text: text(0) }, { lost: 2, silentTruncations: 1 }],
    ["half a token", { text: `${text(0, 1, 2)}<r:` }, { lost: 1 }],
    ["the token of another request", { text: `${text(0, 1, 2)}<q:0> ` }, { reordered: 1 }],
    ["an event twice in one call", { repeated: [2] }, { duplicated: 1 }],
    ["a hole in one call", { holes: [4] }, { reordered: 1 }],
    ["a call that ends with OK before the end", { silentEnds: 1 }, { silentTruncations: 1 }],
  ] as const)("is broken by %s", (_, overrides, counts) => {
    const verdict = check([reading({ ...overrides } as Partial<Reading>)]);
    expect(verdict.counts).toMatchObject(counts);
    expect(verdict.violations).not.toEqual([]);
  });

  it("is broken by a consumer that hangs, and by an error without a type", () => {
    expect(check([reading({ outcome: "stuck" })]).violations).toHaveLength(1);
    expect(check([reading({ outcome: "refused", text: "" })]).violations).toHaveLength(1);
    const typed = reading({ outcome: "error", isTyped: true, text: text(0) });
    expect(check([typed]).violations).toEqual([]);
  });

  it("is broken where two consumers differ, but for what one was told is unstored", () => {
    const other = reading({ events: events("a", "x", "c") });
    expect(check([reading(), other]).counts.divergent).toBe(1);
    const marked = other.events.map((event) => ({ ...event, isUndurable: true }));
    expect(check([reading(), reading({ events: marked })]).counts.divergent).toBe(0);
  });

  it("allows a new writer behind what a store has lost, and no splice", () => {
    const [first, second, third] = events("a", "x", "y");
    const anew = [first, { ...second, writer: 8 }, { ...third, writer: 8 }] as SeenEvent[];
    const lost = (): boolean => true;
    expect(check([reading(), reading({ events: anew })], lost).counts.divergent).toBe(0);
    const spliced = [first, { ...second, writer: 8 }, events("a", "b", "c")[2]] as SeenEvent[];
    expect(check([reading(), reading({ events: spliced })], lost).counts.divergent).toBe(1);
  });
});
