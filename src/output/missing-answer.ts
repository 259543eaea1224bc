import type { Cost } from "../domain/cost.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { Warning } from "../domain/warning.ts";

/** The possible cost of a whole answer that never arrived: the attempt's output limit at the price of output. */
export function missingAnswer(
  attemptIndex: number,
  usage: TokenUsage,
  costOf: (usage: TokenUsage) => Cost | undefined,
): Warning {
  const { unseenOutputTokens: most } = usage;
  const picos =
    most === undefined ? undefined : costOf({ ...usage, outputTokens: most })?.outputPicos;
  const tokens = most === undefined ? "an unknown number of" : `up to ${most}`;
  const money = picos === undefined ? "" : ` for up to ${picos} trillionths`;
  return {
    reason: "USAGE_INCOMPLETE",
    message: `attempt ${attemptIndex} ended before its answer: the provider can have made ${tokens} output tokens${money}, which no count has`,
    field: "",
  };
}
