import type { OutputFormat } from "../domain/generation-spec.ts";
import { isJsonObject } from "../domain/json.ts";
import type { Warning } from "../domain/warning.ts";
import { checkSchema, type Verdict } from "./check-schema.ts";
import { isPlainSchema } from "./is-plain-schema.ts";

/** The output as JSON text if it has the requested format, otherwise the reason why not. */
export type JsonOutput =
  | { readonly state: "absent" }
  | { readonly state: "valid"; readonly json: string }
  | { readonly state: "invalid"; readonly warning: Warning & { readonly reason: JsonTrouble } };

type JsonTrouble = "OUTPUT_NOT_JSON" | "OUTPUT_SCHEMA_MISMATCH" | "OUTPUT_UNCHECKED";

/** A check that can take long and runs in a separate thread. */
export interface SchemaCheck {
  readonly schema: string;
  /** JSON text. */
  readonly value: string;
}

/** `refused`: the check was not made, because the caller's other checks use up its time. */
export type CheckResult = Verdict | { readonly state: "refused" };

function invalid(reason: JsonTrouble, message: string): JsonOutput {
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

/** The meaning of a check's result for the output. */
export function checkedOutput(text: string, result: CheckResult): JsonOutput {
  switch (result.state) {
    case "valid":
      return { state: "valid", json: text };
    case "mismatch":
      return invalid("OUTPUT_SCHEMA_MISMATCH", `the output breaks the schema at ${result.where}`);
    case "unchecked":
      return invalid("OUTPUT_UNCHECKED", "the schema cannot be checked, or not in time");
    case "refused":
      return invalid(
        "OUTPUT_UNCHECKED",
        "the schema is not checked: checks of this caller's schemas take too long",
      );
  }
}

/** The check of finished output that can take long; undefined: none, `checkJsonOutput` suffices. */
export function longCheck(format: OutputFormat, text: string): SchemaCheck | undefined {
  if (format.type !== "json-schema" || isPlainSchema(format.schema, text)) return undefined;
  return parse(text) === undefined ? undefined : { schema: format.schema, value: text };
}

/** Checks finished output against the requested format, synchronously. */
export function checkJsonOutput(format: OutputFormat, text: string): JsonOutput {
  if (format.type === "text") return { state: "absent" };
  const parsed = parse(text);
  if (parsed === undefined) return invalid("OUTPUT_NOT_JSON", "the output is not JSON");
  if (format.type === "json-schema") {
    return checkedOutput(text, checkSchema(format.schema, parsed.value));
  }
  return isJsonObject(parsed.value)
    ? { state: "valid", json: text }
    : invalid("OUTPUT_NOT_JSON", "the output is not a JSON object");
}
