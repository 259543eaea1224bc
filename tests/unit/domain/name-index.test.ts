import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NameIndex } from "../../../src/domain/name-index.ts";
import { nearNames } from "../../../src/domain/near-names.ts";

const MANY = Array.from({ length: 5_000 }, (_, index) => `vendor-model-${index}`);

describe("NameIndex", () => {
  it("of few names finds what a comparison of all finds", () => {
    const names = fc.array(fc.string({ maxLength: 12 }), { maxLength: 100 });
    fc.assert(
      fc.property(names, fc.string({ maxLength: 12 }), (known, name) => {
        expect(new NameIndex(() => known).near(name)).toEqual(nearNames(name, known));
      }),
    );
  });

  it.each([
    ["gpt-6-soll", "gpt-6-sol"],
    ["GPT-6-SOL", "gpt-6-sol"],
    ["sonnet-5", "claude-sonnet-5"],
    ["claud-sonet-5", "claude-sonnet-5"],
    ["vendor-model-4711x", "vendor-model-4711"],
  ])("of many names finds for %s first %s", (name, expected) => {
    const index = new NameIndex(() => [...MANY, "gpt-6-sol", "claude-sonnet-5"]);
    expect(index.near(name)[0]).toBe(expected);
  });

  it("compares a bounded number of names, however long and common the unknown one is", () => {
    let compared = 0;
    const names = MANY.map(
      (name) =>
        new (class extends String {
          override toLowerCase(): string {
            compared++;
            return name;
          }
        })(name) as unknown as string,
    );
    const index = new NameIndex(() => names);
    index.near("vendor");
    compared = 0;
    index.near("vendor-model-".repeat(1_000));
    expect(compared).toBeLessThanOrEqual(100);
  });

  it("reads the names once", () => {
    let reads = 0;
    const index = new NameIndex(() => {
      reads++;
      return MANY;
    });
    expect(reads).toBe(0);
    index.near("vendor-model-1");
    index.near("vendor-model-2");
    expect(reads).toBe(1);
  });
});
