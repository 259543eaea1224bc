import { type Schema, type ValidationResult, Validator } from "@cfworker/json-schema";
import type { Warning } from "../domain/generation.ts";
import type { OutputFormat } from "../domain/generation-spec.ts";
import { isJsonObject } from "../domain/json.ts";
import { runBounded } from "./run-bounded.ts";

/** The output as JSON text if it has the requested format, else why not. */
export type JsonOutput =
  | { readonly state: "absent" }
  | { readonly state: "valid"; readonly json: string }
  | { readonly state: "invalid"; readonly warning: Warning };

function invalid(reason: string, message: string): JsonOutput {
  return {
    state: "invalid",
    warning: { reason, message, field: "output_format" },
  };
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function checkSchema(schemaText: string, value: unknown, text: string): JsonOutput {
  let result: ValidationResult;
  try {
    const schema = JSON.parse(schemaText) as Schema | boolean;
    result = runBounded(() => new Validator(schema, "2020-12").validate(value));
  } catch {
    return invalid("OUTPUT_UNCHECKED", "the schema cannot be checked, or not in time");
  }
  if (result.valid) return { state: "valid", json: text };
  // From the outside in: the last one is where the value itself is wrong.
  const where = result.errors.at(-1)?.instanceLocation ?? "#";
  return invalid("OUTPUT_SCHEMA_MISMATCH", `the output breaks the schema at ${where}`);
}

/** Checks finished output against the format that was asked for. */
export function checkJsonOutput(format: OutputFormat, text: string): JsonOutput {
  if (format.type === "text") return { state: "absent" };
  const parsed = parse(text);
  if (parsed === undefined) return invalid("OUTPUT_NOT_JSON", "the output is not JSON");
  if (format.type === "json-schema") return checkSchema(format.schema, parsed.value, text);
  return isJsonObject(parsed.value)
    ? { state: "valid", json: text }
    : invalid("OUTPUT_NOT_JSON", "the output is not a JSON object");
}
