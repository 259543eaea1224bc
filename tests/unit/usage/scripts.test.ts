import { describe, expect, it } from "vitest";
import type { Script } from "../../../src/domain/token-rules.ts";
import { countScripts } from "../../../src/usage/scripts.ts";

const NONE = { latin: 0, code: 0, cjk: 0, other: 0, symbols: 0 };

describe("countScripts", () => {
  it.each<[Script, string]>([
    ["latin", "a"],
    ["latin", "Z"],
    ["latin", " "],
    ["code", "{"],
    ["code", "7"],
    ["code", "\n"],
    ["code", "\u007f"],
    ["latin", "\u0080"],
    ["latin", "é"],
    ["latin", "\u024f"],
    ["other", "\u0250"],
    ["latin", "\u0300"],
    ["other", "Ж"],
    ["cjk", "\u1100"],
    ["other", "\u1200"],
    ["latin", "\u1e00"],
    ["other", "\u1f00"],
    ["code", "\u2000"],
    ["symbols", "\u200d"],
    ["code", "\u200e"],
    ["symbols", "→"],
    ["cjk", "水"],
    ["other", "\ua4d0"],
    ["cjk", "한"],
    ["symbols", "\ue000"],
    ["cjk", "\uf900"],
    ["other", "\ufb00"],
    ["symbols", "\ufe0f"],
    ["cjk", "\ufe30"],
    ["other", "\ufe70"],
    ["cjk", "Ａ"],
    ["other", "𐀀"],
    ["symbols", "🚀"],
    ["cjk", "𠀀"],
    ["cjk", "\u{3ffff}"],
    ["symbols", "\u{40000}"],
    ["symbols", "\u{e0001}"],
  ])("%s: %j", (script, character) => {
    expect(countScripts(character, 100)).toEqual({ ...NONE, [script]: 1 });
  });

  it.each([" ", "\t", "\r", "\u3000"])("a run of blanks is few tokens: %j", (blank) => {
    const { code, cjk, latin } = countScripts(blank.repeat(101), 1_000);
    expect(code + cjk + latin).toBeCloseTo(1 + 100 * 0.06);
    // A letter ends the run.
    const parted = countScripts(`${blank}a${blank}`, 1_000);
    expect(parted.code + parted.cjk + parted.latin).toBe(3);
  });

  it.each<[Script, string]>([
    ["latin", "a"],
    ["code", "7"],
    ["cjk", "水"],
    ["other", "Ж"],
    ["symbols", "→"],
  ])("a long text is judged by pieces of it, spread over the whole: %s", (script, character) => {
    expect(countScripts(character.repeat(10_000), 1_024)).toEqual({ ...NONE, [script]: 10_000 });
    // The first half of the pieces are of the one kind.
    const halves = countScripts("a".repeat(50_000) + character.repeat(50_000), 10_240);
    expect(halves.latin + halves[script]).toBeGreaterThanOrEqual(100_000);
    const share = script === "latin" ? 1 : 0.5;
    expect(halves[script] / 100_000).toBeCloseTo(share, 1);
  });

  it("a text of the longest length is looked at as a whole", () => {
    const text = `${"7".repeat(1_000)}${"a".repeat(24)}`;
    expect(countScripts(text, 1_024)).toEqual({ ...NONE, code: 1_000, latin: 24 });
    expect(countScripts(`${text}aaaa`, 1_024).code).not.toBe(1_000);
  });
});
