// What was done for an answer: headers of whole answers, and the last comment of streams that ask for one.
import { attemptsOf } from "../../calls/generation-fields.ts";
import { costText } from "../../domain/cost.ts";
import { invalidField } from "../../domain/gateway-error.ts";
import type { Generation } from "../../domain/generation.ts";

/** Most characters of the warnings. */
const MAX_WARNINGS = 1_000;

/** Each warning by its reason and its field, which can have any name; undefined: there are none. */
export function warningsText({ warnings }: Pick<Generation, "warnings">): string | undefined {
  if (warnings.length === 0) return undefined;
  return warnings
    .map(({ reason, field }) => (field === "" ? reason : `${reason} ${field}`))
    .join(", ")
    .replace(/[^ -~]/g, "?")
    .slice(0, MAX_WARNINGS);
}

/** Facts by the last word of their header `x-steer-…`. */
export function factsOf(generation: Generation): Readonly<Record<string, string>> {
  const { provider, model, cost } = generation;
  const warnings = warningsText(generation);
  return {
    ...(warnings !== undefined && { warnings }),
    attempts: String(attemptsOf(generation)),
    provider,
    model,
    ...(cost !== undefined && { cost: costText(cost) }),
  };
}

const HEADER = "x-steer-summary";

/** Whether a call wants the facts at the end of its stream. Throws INVALID_ARGUMENT. */
export function asksForSummary(header: (name: string) => string | undefined): boolean {
  const given = header(HEADER) ?? "false";
  if (given === "true" || given === "false") return given === "true";
  throw invalidField(HEADER, "must be true or false");
}

/** The facts as a comment of server-sent events, which no client shows. */
export function summaryText(generation: Generation): string {
  const facts = { "generation-id": generation.generationId, ...factsOf(generation) };
  return `: steer ${JSON.stringify(facts)}\n\n`;
}
