import { type Schema, Validator } from "@cfworker/json-schema";
import { runBounded } from "./run-bounded.ts";

/** What a schema says of a value. */
export type Verdict =
  | { readonly state: "valid" }
  /** `where`: a JSON pointer into the value. */
  | { readonly state: "mismatch"; readonly where: string }
  /** The schema is none that can be followed, or not in time. */
  | { readonly state: "unchecked" };

export const UNCHECKED: Verdict = { state: "unchecked" };

/** Checks a value against a schema, in bounded time of this thread. */
export function checkSchema(schemaText: string, value: unknown): Verdict {
  try {
    const schema = JSON.parse(schemaText) as Schema | boolean;
    const { valid, errors } = runBounded(() => new Validator(schema, "2020-12").validate(value));
    if (valid) return { state: "valid" };
    // From the outside in: the last one is where the value itself is wrong.
    return { state: "mismatch", where: errors.at(-1)?.instanceLocation ?? "#" };
  } catch {
    return UNCHECKED;
  }
}
