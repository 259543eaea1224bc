import { describe, expect, it } from "vitest";
import { checkJsonOutput } from "../../../src/output/check-json-output.ts";

const schema = {
  type: "json-schema",
  name: "r",
  schema: '{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}',
  description: "",
} as const;

describe("checkJsonOutput", () => {
  it.each([
    ["text is not looked at", { type: "text" } as const, "{", { state: "absent" }],
    ["an object", { type: "json-object" } as const, '{"a":1}', { state: "valid", json: '{"a":1}' }],
    [
      "an array is no object",
      { type: "json-object" } as const,
      "[1]",
      { state: "invalid", warning: { reason: "OUTPUT_NOT_JSON" } },
    ],
    [
      "half an object",
      { type: "json-object" } as const,
      '{"a":',
      { state: "invalid", warning: { reason: "OUTPUT_NOT_JSON" } },
    ],
    [
      "what the schema allows, byte for byte",
      schema,
      ' {"n": 1}',
      { state: "valid", json: ' {"n": 1}' },
    ],
    [
      "what the schema refuses",
      schema,
      '{"n":"1"}',
      { state: "invalid", warning: { reason: "OUTPUT_SCHEMA_MISMATCH", field: "output_format" } },
    ],
  ])("%s", (_name, format, text, expected) => {
    expect(checkJsonOutput(format, text)).toMatchObject(expected);
  });

  it("never repeats the output", () => {
    const result = JSON.stringify(checkJsonOutput(schema, '{"n":"private"}'));
    expect(result).not.toContain("private");
  });

  it.each([
    [
      "a pattern that backtracks without end",
      '{"pattern":"^(a+)+$"}',
      JSON.stringify(`${"a".repeat(60)}!`),
    ],
    ["a pattern that is none", '{"pattern":"("}', '"a"'],
    ["a reference to nowhere", '{"$ref":"#/$defs/none"}', '"a"'],
  ])("gives up on %s, soon", (_name, text, output) => {
    const before = process.cpuUsage();
    expect(checkJsonOutput({ ...schema, schema: text }, output)).toMatchObject({
      state: "invalid",
      warning: { reason: "OUTPUT_UNCHECKED" },
    });
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});
