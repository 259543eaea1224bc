import { type Schema, Validator } from "@cfworker/json-schema";
import { runBounded } from "./run-bounded.ts";

/** Result of checking a value against a schema. */
export type Verdict =
  | { readonly state: "valid" }
  /** `where`: JSON pointer to the mismatch. */
  | { readonly state: "mismatch"; readonly where: string }
  /** The schema cannot be evaluated, or not in time. */
  | { readonly state: "unchecked" };

export const UNCHECKED: Verdict = { state: "unchecked" };

/** Checks a value against a schema in bounded time, in this thread. */
export function checkSchema(schemaText: string, value: unknown): Verdict {
  try {
    const schema = JSON.parse(schemaText) as Schema | boolean;
    const { valid, errors } = runBounded(() => new Validator(schema, "2020-12").validate(value));
    if (valid) return { state: "valid" };
    // Errors are ordered from the outside in: the last one is at the wrong value itself.
    return { state: "mismatch", where: errors.at(-1)?.instanceLocation ?? "#" };
  } catch {
    return UNCHECKED;
  }
}
