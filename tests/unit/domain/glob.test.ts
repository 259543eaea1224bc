import fc from "fast-check";
import { expect, it } from "vitest";
import { matchesGlob } from "../../../src/domain/glob.ts";

it.each([
  ["gpt-5", "gpt-5", true],
  ["gpt-5", "gpt-5-mini", false],
  ["gpt-*", "gpt-5-mini", true],
  ["gpt-*", "gpt", false],
  ["*", "", true],
  ["*/gpt-?", "openai/gpt-5", true],
  ["*/gpt-?", "openai/gpt-50", false],
  ["*mini", "gpt-5-mini", true],
  ["*mini", "gpt-5-mini-2", false],
  ["a*b*c", "aXbXbXc", true],
  ["a.c", "abc", false],
  ["", "a", false],
])("%s and %s: %s", (glob, text, matches) => {
  expect(matchesGlob(glob, text)).toBe(matches);
});

it("is what the regular expression of the glob says", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (glob, given) => {
      const source = glob.replaceAll("?", ".").replaceAll("*", ".*");
      expect(matchesGlob(glob, given)).toBe(new RegExp(`^${source}$`).test(given));
    }),
  );
});

it("takes little time for a glob that regular expressions choke on", () => {
  expect(matchesGlob(`${"a*".repeat(64)}b`, "a".repeat(256))).toBe(false);
});
