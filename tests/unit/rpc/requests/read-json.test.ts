import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../../../../src/rpc/requests/read-json.ts";
import { canBeParsed, ESCAPED_NAMES } from "../../../support/v8-keys.ts";

/** The least that a slice can be: longer than an escape and a character. */
const LEAST = 16;

const pause = async () => {};
const read = (text: string | Buffer, sliceBytes = LEAST) =>
  readJson(Buffer.from(text), pause, sliceBytes);

/** Texts of all characters, as they are and in escapes. */
const word = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: fc.constantFrom("\\", '"', "\n", "é", "日", "😀", "a"), maxLength: 80 }),
);
const value = fc.jsonValue({ stringUnit: "binary", depthSize: "medium" });
/** JSON with each character behind the first bytes of ASCII in an escape. */
const escaped = (json: string): string =>
  json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

describe("field:X4 a JSON text that is read in slices", () => {
  it("is what it is in one piece, wherever the slices end", async () => {
    const any = fc.oneof(
      value,
      word,
      fc.dictionary(word, word),
      fc.array(fc.tuple(word, fc.double({ noNaN: true, noDefaultInfinity: true }))),
    );
    const style = fc.constantFrom(
      (json: unknown) => JSON.stringify(json),
      (json: unknown) => JSON.stringify(json, undefined, "\t \r\n"),
      (json: unknown) => escaped(JSON.stringify(json)),
    );
    await fc.assert(
      fc.asyncProperty(
        any,
        style,
        fc.integer({ min: LEAST, max: 40 }),
        async (json, write, size) => {
          const text = write(json);
          // Halves of pairs that stand alone are no UTF-8: what comes over the wire has none.
          const sent = Buffer.from(text);
          fc.pre(canBeParsed(text));
          expect(await readJson(sent, pause, size)).toEqual(JSON.parse(sent.toString()));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is refused where a parser refuses it", async () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom("", ",", '"', "\\", "}", "]", "0", "\n", "x", "-"),
      )
      .map(([json, at, put]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + put + json.slice(place + 1);
      });
    await fc.assert(
      fc.asyncProperty(broken, async (text) => {
        const sent = Buffer.from(text);
        fc.pre(canBeParsed(text));
        let parsed: unknown;
        try {
          parsed = JSON.parse(sent.toString());
        } catch {
          await expect(read(sent)).rejects.toMatchObject({ kind: "validation" });
          return;
        }
        const result = await read(sent).catch((error: Error) => error);
        // A parser takes the later of two members of one name.
        if (!(result instanceof Error)) expect(result).toEqual(parsed);
        else expect(result.message).toMatch(/^duplicate object key/);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["", "the request is not JSON: it ends too early, at byte 0"],
    ["  [1, 2", "the request is not JSON: it ends too early, at byte 7"],
    ['["a', "the request is not JSON: it ends too early, at byte 3"],
    ["[1,]", "the request is not JSON at byte 3"],
    ["{} {}", "the request is not JSON at byte 3"],
    ['{"a" 1}', "the request is not JSON at byte 5"],
    ["[truth]", "the request is not JSON at byte 1"],
    ['{"a":1,"\\u0061":2}', 'duplicate object key "a"'],
  ])("%s: %s", async (text, message) => {
    await expect(read(text)).rejects.toMatchObject({ kind: "validation", message });
  });

  it("is refused where it is not UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}')]);
    await expect(read(bytes)).rejects.toThrow("the request is not UTF-8");
  });

  it.each(ESCAPED_NAMES)("has the name %s", async (text, name) => {
    expect(await read(`{"h":1,${text}:2}`)).toEqual({ h: 1, [name]: 2 });
  });

  it("may begin with the mark of its byte order", async () => {
    expect(await read("\ufeff{}")).toEqual({});
  });

  it("has a member for each name, inherited ones too", async () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"toString":3}';
    expect(await read(text)).toEqual(JSON.parse(text));
    expect(Object.keys((await read(text)) as object)).toEqual([
      "__proto__",
      "constructor",
      "toString",
    ]);
  });

  it.each([
    ["a string", `"${"x".repeat(10_000)}"`],
    ["a string of escapes", `"${"\\n".repeat(5_000)}"`],
    ["a string of backslashes", `"${"\\\\".repeat(5_000)}"`],
    ["spaces", `[${" ".repeat(10_000)}]`],
    ["many elements", `[${"0,".repeat(5_000)}0]`],
  ])("lets others run within %s", async (_name, text) => {
    let pauses = 0;
    await readJson(Buffer.from(text), async () => void pauses++, 1_000);
    expect(pauses).toBeGreaterThanOrEqual(10);
    expect(pauses).toBeLessThan(15);
  });
});
