import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJsonEnd } from "../../../../src/providers/shared/json-end.ts";

describe("the end of a JSON document", () => {
  it("is its last bracket, however the text is split", () => {
    const text = fc
      .oneof(
        fc.dictionary(
          fc.string({ unit: fc.constantFrom("\\", '"', "{", "]", "a") }),
          fc.jsonValue({ maxDepth: 3 }),
        ),
        fc.array(fc.string({ unit: fc.constantFrom("\\", '"', "}", "[", "é") })),
      )
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 })), (json, cuts) => {
        const ends = [...new Set(cuts.map((cut) => cut % json.length))].sort((a, b) => a - b);
        const end = createJsonEnd();
        for (const [index, to] of [...ends, json.length - 1].entries()) {
          end.push(json.slice(ends[index - 1] ?? 0, Math.max(to, ends[index - 1] ?? 0)));
          expect(end.isWhole()).toBe(false);
        }
        end.push(json.slice(-1));
        expect(end.isWhole()).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
