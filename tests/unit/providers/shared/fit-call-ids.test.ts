import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, Part } from "../../../../src/domain/generation-spec.ts";
import type { CallIdRule } from "../../../../src/domain/model.ts";
import { fitCallIds } from "../../../../src/providers/shared/fit-call-ids.ts";

const RULES: readonly CallIdRule[] = [
  { pattern: /^[a-zA-Z0-9_-]+$/, madeLength: 40 },
  { pattern: /^.{1,40}$/s, madeLength: 40 },
  { pattern: /^[a-zA-Z0-9]{9}$/, madeLength: 9 },
];

function conversation(ids: readonly string[]): Message[] {
  const call = (id: string): Part => ({ type: "tool-call", id, name: "f", argumentsJson: "{}" });
  const result = (toolCallId: string): Part => ({
    type: "tool-result",
    toolCallId,
    name: "f",
    content: [],
    isError: false,
  });
  return [
    { role: "assistant", parts: ids.map(call) },
    { role: "tool", parts: ids.map(result) },
  ];
}

function idsOf(messages: readonly Message[], type: "tool-call" | "tool-result"): string[] {
  return messages.flatMap(({ parts }) =>
    parts.flatMap((part) => {
      if (part.type !== type) return [];
      return [part.type === "tool-call" ? part.id : part.toolCallId];
    }),
  );
}

describe("identifiers of calls", () => {
  const id = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom("a", "B", "1", "_", ":"), minLength: 1, maxLength: 80 }),
  );

  it("fit, are told apart, and are the same in a call and its result", () => {
    fc.assert(
      fc.property(fc.constantFrom(...RULES), fc.uniqueArray(id, { maxLength: 12 }), (rule, ids) => {
        // Some that stand for others are there already.
        const made = idsOf(fitCallIds(conversation(ids), rule), "tool-call");
        const all = [...new Set([...ids, ...made])];
        const fitted = fitCallIds(conversation(all), rule);
        const calls = idsOf(fitted, "tool-call");
        expect(idsOf(fitted, "tool-result")).toEqual(calls);
        expect(new Set(calls).size).toBe(all.length);
        for (const [position, call] of calls.entries()) {
          expect(call).toMatch(rule.pattern);
          const own = all[position] ?? "";
          if (rule.pattern.test(own)) expect(call).toBe(own);
        }
        expect(fitCallIds(conversation(all), rule)).toEqual(fitted);
      }),
    );
  });
});
