import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonDelta } from "../../../src/domain/generation.ts";
import { createJsonStream, type JsonStream } from "../../../src/output/json-stream.ts";
import { applyJson } from "../../support/apply-json.ts";

function readAll(reader: JsonStream, chunks: readonly string[]): JsonDelta[] {
  return chunks.flatMap((chunk) => reader.read(0, chunk));
}

function inChunks(text: string, units: number): string[] {
  return Array.from({ length: Math.ceil(text.length / units) }, (_, index) =>
    text.slice(index * units, (index + 1) * units),
  );
}

/** The finished documents, in order. */
function documentsOf(chunks: readonly string[]): unknown[] {
  return readAll(createJsonStream("values"), chunks)
    .filter(({ pointer }) => pointer === "")
    .map(({ valueJson }) => JSON.parse(valueJson ?? "undefined") as unknown);
}

function built(chunks: readonly string[]): unknown[] {
  return applyJson(readAll(createJsonStream("patches"), chunks));
}

const nested = (levels: number): string => `${'{"a":['.repeat(levels)}1${"]}".repeat(levels)}`;

describe("what is found", () => {
  const cases: [string, string, unknown[]][] = [
    ["one object", '{"a":1}', [{ a: 1 }]],
    ["prose around it", 'Here: {"a":1} is the answer', [{ a: 1 }]],
    ["a code fence", '```json\n{"a":1}\n```', [{ a: 1 }]],
    ["several in a row", '{"a":1}{"b":2}', [{ a: 1 }, { b: 2 }]],
    ["one a line", '{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ["growing snapshots", '{"t":"a"}{"t":"ab"}', [{ t: "a" }, { t: "ab" }]],
    ["empty containers", '{} [] {"a":{},"b":[]}', [{}, [], { a: {}, b: [] }]],
    ["brackets in strings", '{"a":"}]{["}', [{ a: "}]{[" }]],
    [
      "escapes",
      String.raw`{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`,
      [{ a: '"\\/\b\f\n\r\té😀' }],
    ],
    ["unicode", '{"ключ":"東京🚀"}', [{ ключ: "東京🚀" }]],
    ["numbers", "[0,-1,1.5e+3,2E-2,-0.0]", [[0, -1, 1500, 0.02, -0]]],
    ["literals", "[true,false,null]", [[true, false, null]]],
    ["twenty levels and more", nested(40), [JSON.parse(nested(40))]],
    ["keys that pointers escape", '{"a/b":{"~":{"":1}}}', [{ "a/b": { "~": { "": 1 } } }]],
    ["no document", "the answer is 42", []],
    ["unquoted keys", "{a: 1}", []],
    ["single quotes", "{'a': 'b'}", []],
    ["a comma too many", '{"a":1,}', []],
    ["a leading zero", "[01]", []],
    ["half a literal", "[tru]", []],
    ["a line break in a string", '{"a":"\n"}', []],
    ["half a document", '{"a":{"b":1}', []],
    ["a wrong closer, and a good document behind it", '{"a":[1,2} {"b":2}', [{ b: 2 }]],
    ["a bracket of prose", 'the { begins it: {"a":1}', [{ a: 1 }]],
    ["a cut tail behind a document", '{"a":1} {"b":"un', [{ a: 1 }]],
  ];

  it.each(cases)("%s, whatever it is split into", (_name, text, expected) => {
    for (const units of [1, 2, 3, 7, text.length]) {
      expect(documentsOf(["", ...inChunks(text, units), ""])).toEqual(expected);
    }
  });

  it("an array's elements as they end, then the array", () => {
    const reader = createJsonStream("values");
    expect(reader.read(2, '[{"a":1},')).toEqual([
      {
        type: "json-delta",
        partIndex: 2,
        documentIndex: 0,
        pointer: "/0",
        valueJson: '{"a":1}',
        final: true,
      },
    ]);
    expect(reader.read(2, "2]").map(({ pointer, valueJson }) => [pointer, valueJson])).toEqual([
      ["/1", "2"],
      ["", '[{"a":1},2]'],
    ]);
  });

  it("ten thousand elements", () => {
    const text = JSON.stringify(Array.from({ length: 10_000 }, (_, id) => ({ id })));
    const all = readAll(createJsonStream("values"), inChunks(text, 20));
    expect(all).toHaveLength(10_001);
    expect(all[9_999]).toMatchObject({ pointer: "/9999", valueJson: '{"id":9999}' });
  });

  it("the first document stays the first, whatever follows", () => {
    const [first] = documentsOf(['{"answer":42} as in {"x":1}']);
    expect(first).toEqual({ answer: 42 });
  });

  it("parts are read apart, and a reset forgets them", () => {
    const reader = createJsonStream("values");
    reader.read(0, '{"a":');
    expect(reader.read(1, '{"b":2}')).toHaveLength(1);
    expect(reader.read(0, "1}")).toMatchObject([{ partIndex: 0, documentIndex: 0 }]);
    reader.read(0, '{"open":');
    expect(reader.statistics()).toEqual({ documents: 2, changes: 2, units: 22, malformed: 1 });
    reader.reset();
    expect(reader.statistics()).toEqual({ documents: 0, changes: 0, units: 0, malformed: 0 });
    expect(reader.read(0, '{"c":3}')).toMatchObject([{ documentIndex: 0 }]);
  });
});

describe("patches", () => {
  it("grow strings, and say what is final", () => {
    const changes = readAll(createJsonStream("patches"), ['{"t":"He', "llo", '", "n":1', "2}"]);
    expect(
      changes.map(({ pointer, append, valueJson, final }) => [pointer, append ?? valueJson, final]),
    ).toEqual([
      ["", "{}", false],
      ["/t", '"He"', false],
      ["/t", "llo", false],
      ["/t", "", true],
      ["/n", "12", true],
      ["", undefined, true],
    ]);
  });

  it("never cut a character that comes as two escapes", () => {
    const changes = readAll(createJsonStream("patches"), ['["a\\ud83d', '\\ude00"]']);
    expect(changes.map(({ append, valueJson }) => append ?? valueJson)).toEqual([
      "[]",
      '"a"',
      "😀",
      undefined,
    ]);
  });

  it("far below, values come whole", () => {
    const pointers = readAll(createJsonStream("patches"), inChunks(nested(200), 20)).map(
      ({ pointer }) => pointer.length,
    );
    expect(Math.max(...pointers)).toBeLessThan(1_024);
    expect(built(inChunks(nested(200), 20))).toEqual([JSON.parse(nested(200))]);
  });

  it("of a document that breaks off have no last one", () => {
    const changes = readAll(createJsonStream("patches"), ['{"a":1,"b":"x', "\n", '{"c":1}']);
    const finals = changes.filter(({ pointer, final }) => pointer === "" && final);
    expect(finals).toMatchObject([{ documentIndex: 1 }]);
  });
});

describe("against JSON.parse", () => {
  const documents = fc
    .oneof(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.array(fc.jsonValue()))
    .map((value) => JSON.stringify(value));
  const spaced = documents.map((text) => JSON.stringify(JSON.parse(text), undefined, 1));

  /** `expect` alone would take most of the time of a hundred thousand comparisons. */
  function expectSame(actual: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
  }

  it("both modes agree, split at every unit", () => {
    fc.assert(
      fc.property(fc.oneof(documents, spaced), (text) => {
        const expected = [JSON.parse(text) as unknown];
        for (let cut = 0; cut <= text.length; cut++) {
          const chunks = [text.slice(0, cut), text.slice(cut)];
          expectSame(documentsOf(chunks), expected);
          expectSame(built(chunks), expected);
        }
        expectSame(built(inChunks(text, 1)), expected);
      }),
      { numRuns: 30 },
    );
  });

  it("both modes agree, split at every byte of UTF-8", () => {
    fc.assert(
      fc.property(documents, (text) => {
        // Lone surrogates have no UTF-8.
        const bytes = new TextEncoder().encode(text);
        const whole = new TextDecoder().decode(bytes);
        const expected = [JSON.parse(whole) as unknown];
        const texts = (cuts: readonly Uint8Array[]): string[] => {
          const decoder = new TextDecoder();
          return [...cuts.map((cut) => decoder.decode(cut, { stream: true })), decoder.decode()];
        };
        for (let cut = 0; cut <= bytes.length; cut++) {
          const chunks = texts([bytes.subarray(0, cut), bytes.subarray(cut)]);
          expectSame(documentsOf(chunks), expected);
          expectSame(built(chunks), expected);
        }
        const single = texts(Array.from(bytes, (byte) => Uint8Array.of(byte)));
        expectSame(documentsOf(single), expected);
        expectSame(built(single), expected);
      }),
      { numRuns: 20 },
    );
  });

  it("no text is taken for a document that JSON.parse refuses", () => {
    const noise = fc.array(fc.constantFrom(...'{}[]",:\\u0e-.1tn \n'), { maxLength: 40 });
    fc.assert(
      fc.property(noise, (units) => {
        // It would throw.
        documentsOf(["[", ...units]);
        documentsOf(units);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Units that are looked at or copied while `work` runs. */
function workOf(work: () => void): number {
  const { charCodeAt, slice } = String.prototype;
  let units = 0;
  String.prototype.charCodeAt = function (this: string, at) {
    units++;
    return charCodeAt.call(this, at);
  };
  String.prototype.slice = function (this: string, ...range) {
    const cut = slice.apply(this, range);
    units += cut.length;
    return cut;
  };
  try {
    work();
  } finally {
    Object.assign(String.prototype, { charCodeAt, slice });
  }
  return units;
}

describe("the work", () => {
  const megabyte = 1024 * 1024;
  const hostile: [string, string][] = [
    ["one long string", `{"a":"${"x".repeat(megabyte - 10)}"}`],
    ["many small values", `[${"1,".repeat(megabyte / 2 - 2)}1]`],
    ["openers only", "[".repeat(megabyte)],
    ["objects that never end", '{"a":'.repeat(megabyte / 5)],
    ["a long key", `{"${"k".repeat(megabyte - 10)}":1}`],
    ["a long number", `[${"1".repeat(megabyte - 2)}]`],
    ["escapes", `["${"\\u0041".repeat(megabyte / 6)}"]`],
    ["prose", "word ".repeat(megabyte / 5)],
  ];

  it.each(hostile)("is linear in 1 MB of %s in 20-byte chunks", (_name, text) => {
    for (const mode of ["values", "patches"] as const) {
      const chunks = inChunks(text, 20);
      const reader = createJsonStream(mode);
      const work = workOf(() => {
        for (const chunk of chunks) reader.read(0, chunk);
      });
      expect(work).toBeLessThan(6 * text.length);
    }
  });

  it("a value too long for an event only ends", () => {
    const chunks = inChunks(`{"a":"${"x".repeat(megabyte)}"}`, 4_096);
    const [end, ...others] = readAll(createJsonStream("values"), chunks);
    expect(others).toEqual([]);
    expect(end).toMatchObject({ pointer: "", final: true });
    expect(end?.valueJson).toBeUndefined();
  });
});
