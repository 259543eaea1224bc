import { expect, it } from "vitest";
import { parseBody } from "../../../src/doors/read-body.ts";
import { confuseJsonParse, ESCAPED_NAMES } from "../../support/v8-keys.ts";

it.each([
  ["", {}],
  ['{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
  [`{"a":"${"x".repeat(1024 * 1024)}"}`, { a: "x".repeat(1024 * 1024) }],
])("a body is read: %#", async (text, value) => {
  expect(await parseBody(Buffer.from(text))).toEqual(value);
});

it.each([
  ["[1]", "the body must be a JSON object"],
  ['"text"', "the body must be a JSON object"],
  ['{"a":1,\n "b" 2}', "the body is not JSON at line 2, column 6"],
  ['{"a":', "the body is not JSON at line 1, column 6"],
  ["{\n\n}}", "the body is not JSON at line 3, column 2"],
])("a body that is no JSON object is refused, with the place: %j", async (text, message) => {
  await expect(parseBody(Buffer.from(text))).rejects.toMatchObject({ kind: "validation", message });
});

it("a body that is not UTF-8 is refused", async () => {
  const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}')]);
  await expect(parseBody(bytes)).rejects.toMatchObject({ message: "the body is not UTF-8" });
});

it.each(ESCAPED_NAMES)(
  "the name %s of a body is read, whatever was parsed before",
  async (text, name) => {
    confuseJsonParse('"h":[],');
    const body = await parseBody(Buffer.from(`{"h":1,${text}:2}`));
    expect(Object.entries(body)).toEqual([
      ["h", 1],
      [name, 2],
    ]);
  },
);
