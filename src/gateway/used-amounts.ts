// The use of an ended generation, for the limits of its caller.
import type { Generation } from "../domain/generation.ts";
import type { Outcome } from "../output/generation-result.ts";
import type { UsedAmounts } from "../ports/call-limits.ts";
import { tokensOf } from "./attempt-need.ts";

/** The generation, or the known part of one that failed. */
export function generationOf(outcome: Outcome): Generation {
  return outcome.state === "succeeded" ? outcome.generation : outcome.failure.partial;
}

/** All attempts together. Tokens of unknown price leave the money unknown. */
export function usedAmounts({ totalUsage, cost }: Generation): UsedAmounts {
  const picos = totalUsage === undefined ? 0 : cost?.totalPicos;
  return { tokens: tokensOf(totalUsage), picos };
}
