import type { ReasoningEffort } from "../../domain/generation-spec.ts";
import type { Fields } from "./fields.ts";

const EFFORTS: Readonly<Record<string, ReasoningEffort>> = {
  none: "none",
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "max",
  max: "max",
};

/** The effort in a field, in OpenAI's words. Throws INVALID_ARGUMENT. */
export function decodeEffort(
  fields: Fields | undefined,
  name: string,
): ReasoningEffort | undefined {
  const word = fields?.text(name);
  if (fields === undefined || word === undefined) return undefined;
  const effort = EFFORTS[word];
  if (effort !== undefined) return effort;
  throw fields.error(name, `must be one of ${Object.keys(EFFORTS).join(", ")}`);
}
