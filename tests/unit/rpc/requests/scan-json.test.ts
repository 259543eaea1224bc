import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GenerationService } from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import {
  type JsonBounds,
  JsonScan,
  scanJson,
  scanLargeJson,
} from "../../../../src/rpc/requests/scan-json.ts";
import { ESCAPED_NAMES } from "../../../support/v8-keys.ts";
import { collectionsOf } from "../../../support/wire-floods.ts";

const BOUNDS: JsonBounds = { maxDepth: 100, maxElements: 4_096, maxFields: 65_536 };
const scan = (text: string, bounds: Partial<JsonBounds> = {}) =>
  scanJson(Buffer.from(text), { ...BOUNDS, ...bounds });

/** What a parsed value holds, the other way round. */
function sizeOf(value: unknown): { readonly fields: number; readonly members: number } {
  if (typeof value !== "object" || value === null) return { fields: 0, members: 0 };
  const inner = Object.values(value).map(sizeOf);
  const commas = Math.max(0, inner.length - 1);
  return {
    fields: inner.reduce((sum, { fields }) => sum + fields, 1 + commas),
    members: inner.reduce(
      (sum, { members }) => sum + members,
      Array.isArray(value) ? 0 : inner.length,
    ),
  };
}

describe("field:X4 the arrays and objects of a request in JSON", () => {
  it.each(collectionsOf(GenerationService.method.generate.input))("$path", ({ json, field }) => {
    const list = field.fieldKind === "list";
    expect(scan(json(4_096))).not.toHaveProperty("description");
    const refused = {
      field: expect.stringMatching(/^spec\./),
      description: `must contain no more than 4096 ${list ? "item(s)" : "member(s)"}`,
    };
    expect(scan(json(4_097))).toEqual(refused);
    // What follows is not looked at: it would have been refused for its depth.
    expect(scan(`${json(200_000).slice(0, -1)}${"[".repeat(1_000)}`)).toEqual(refused);
  });

  it("are named by their path, as the caller has written it", () => {
    const parts = `[${"{},".repeat(5_000)}{}]`;
    const text = `{"spec":{"model":"m","messages":[{},{"role":"ROLE_USER","parts":${parts}}]}}`;
    expect(scan(text)).toMatchObject({ field: "spec.messages[1].parts" });
  });

  it("name no more than 64 bytes of what a caller calls them", () => {
    expect(scan(`{"${"k".repeat(1_000)}":[1,2,3]}`, { maxElements: 2 })).toMatchObject({
      field: "k".repeat(64),
    });
  });

  it("are bounded in all", () => {
    const list = `[${"0,".repeat(99)}0]`;
    const text = `[${Array(100).fill(list).join()}]`;
    const { fields } = sizeOf(JSON.parse(text));
    expect(scan(text, { maxFields: fields })).toMatchObject({ fields, members: 0 });
    expect(scan(text, { maxFields: fields - 1 })).toEqual({
      field: "",
      description: `the request must have no more than ${fields - 1} fields in all`,
    });
  });

  it.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("are bounded in depth: %s", (_name, open, close) => {
    const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect(scan(nested(100))).not.toHaveProperty("description");
    for (const depth of [101, 100_000]) {
      expect(scan(nested(depth))).toMatchObject({
        description: "must not be nested deeper than 100 objects and arrays",
      });
    }
  });
});

describe("field:X4 what stands in a string", () => {
  const FLOOD = "{},".repeat(10_000) + "[".repeat(1_000);

  it.each([
    ["plain", FLOOD],
    ["behind an escaped quote", `"${FLOOD}`],
    ["behind an escaped backslash", `\\${FLOOD}`],
    ["behind both, again and again", `\\"\\\\"${FLOOD}`.repeat(3)],
    ["behind a long text with an escape at its end", `${"x".repeat(1_000)}\\"${FLOOD}`],
    ["behind backslashes alone", "\\".repeat(1_001) + FLOOD],
    ["in other letters", `é🚀水${FLOOD}`],
  ])("is text: %s", (_name, text) => {
    const written = JSON.stringify({ spec: { prompt: text } });
    expect(scan(written)).toMatchObject({ fields: 2, members: 2 });
  });

  it("ends at its quote, behind which elements count again", () => {
    for (const text of ["", "\\", '"', "\\\\", '\\"', "x".repeat(100), `${"x".repeat(100)}\\`]) {
      const written = JSON.stringify([text, 1, 2, 3, 4]);
      expect(scan(written, { maxElements: 4 })).toHaveProperty("description");
      expect(scan(written, { maxElements: 5 })).toMatchObject({ fields: 5, members: 0 });
    }
  });
});

describe("field:X11 what is no JSON", () => {
  it.each(["", '"', '{"a', '{"a\\', "]]]]", "}", ":", ",,,,", "{]", "\u0000", '"\\'])(
    "%j is left to the parser",
    (text) => {
      expect(scan(text)).not.toHaveProperty("description");
    },
  );
});

it("field:X4 counts as the parsed value does, whatever the JSON and its blanks", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, "\t"), (text, blanks) => {
      const value: unknown = JSON.parse(text);
      expect(scan(JSON.stringify(value, undefined, blanks))).toMatchObject(sizeOf(value));
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ...ESCAPED_NAMES.map(([text]) => ({ name: text, isFound: true })),
  { name: '"a"', isFound: false },
  { name: '"a\\n"', isFound: false },
  { name: '"\\u0061bc"', isFound: false },
])("finds that the name $name may be one escaped character: $isFound", ({ name, isFound }) => {
  for (const blank of ["", " "]) {
    expect(scan(`{"b":"\\n",${name}${blank}:1}`)).toMatchObject({ hasEscapedName: isFound });
  }
});

describe("field:X4 a scan in slices", () => {
  const text = fc.oneof(
    fc.json(),
    fc.json().map((json) => JSON.stringify([json, `${json}\\`, '\\"\n\u00e9'])),
    fc.string({ unit: fc.constantFrom("[", "]", "{", "}", ",", ":", '"', "\\", "0", " ", "é") }),
  );

  it("finds what a scan in one piece finds, wherever the slices end", () => {
    const bounds = { ...BOUNDS, maxDepth: 4, maxElements: 6, maxFields: 20 };
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (json, count) => {
        const bytes = Buffer.from(json);
        const slices = new JsonScan(bytes, bounds, true);
        let violation = slices.advance(count);
        while (violation === undefined && !slices.isOver) violation = slices.advance(count);
        const expected = scanJson(bytes, bounds);
        if (violation?.description.startsWith("the request is not JSON") === true) {
          expect(() => JSON.parse(json)).toThrow();
        } else expect(violation ?? slices.size).toEqual(expected);
      }),
    );
  });

  it("knows what an escape at the end of a slice is of", () => {
    for (let letters = 20; letters < 60; letters++) {
      for (const inner of ['\\"', "\\\\", '\\\\\\"']) {
        const json = `{"a":"${"x".repeat(letters)}${inner}","b":["${inner}"]}`;
        const slices = new JsonScan(Buffer.from(json), BOUNDS, true);
        while (!slices.isOver) expect(slices.advance(40)).toBeUndefined();
        expect(slices.size).toEqual(scan(json));
      }
    }
  });

  it("ends at the first byte that no JSON has, before anything is built", async () => {
    const bytes = Buffer.from(`${" ".repeat(3_000_000)}xyz`);
    const pauses: number[] = [];
    const pause = async () => void pauses.push(0);
    expect(await scanLargeJson(bytes, BOUNDS, pause)).toEqual({
      field: "",
      description: "the request is not JSON at byte 3000000",
    });
    expect(pauses).toHaveLength(2);
  });
});
