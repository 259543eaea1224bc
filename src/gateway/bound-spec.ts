// A request within the bounds that its caller's limits set for each call.
import { costText } from "../domain/cost.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { Budget, GenerationSpec } from "../domain/generation-spec.ts";
import type { Warning } from "../domain/warning.ts";
import type { LimitedCaller } from "../ports/call-limits.ts";

/** Output limit of a request without one, if a spend limit holds. */
const DEFAULT_OUTPUT_TOKENS = 4_096;

export interface BoundSpec {
  readonly spec: GenerationSpec;
  readonly warnings: readonly Warning[];
}

type Bounds = Pick<LimitedCaller, "maxOutputTokens" | "maxCostPerCall" | "needsOutputLimit">;

function applied(field: string, message: string): Warning {
  return { reason: "CALLER_LIMIT_APPLIED", message, field };
}

function outputLimit(spec: GenerationSpec, bounds: Bounds): number | undefined {
  const asked = spec.sampling.maxOutputTokens;
  const { maxOutputTokens: most, needsOutputLimit } = bounds;
  if (most !== undefined) return asked === undefined || asked > most ? most : undefined;
  return needsOutputLimit && asked === undefined ? DEFAULT_OUTPUT_TOKENS : undefined;
}

/** Throws INVALID_ARGUMENT for a budget in another currency: both could not hold. */
function costLimit({ budget }: GenerationSpec, { maxCostPerCall }: Bounds): Budget | undefined {
  if (maxCostPerCall === undefined) return undefined;
  const { currency, picos: maxCostPicos } = maxCostPerCall;
  if (budget === undefined) return { currency, maxCostPicos };
  if (budget.currency !== currency) {
    throw invalidField("spec.budget.currency_code", `the caller's limits are in ${currency}`);
  }
  return budget.maxCostPicos > maxCostPicos ? { currency, maxCostPicos } : undefined;
}

/** The request with bounded output and cost, with a warning for each bound that was set or lowered. */
export function boundSpec(asked: GenerationSpec, bounds: Bounds): BoundSpec {
  const warnings: Warning[] = [];
  let spec = asked;
  const maxOutputTokens = outputLimit(asked, bounds);
  if (maxOutputTokens !== undefined) {
    spec = { ...spec, sampling: { ...spec.sampling, maxOutputTokens } };
    const message = `the caller's limits bound the output to ${maxOutputTokens} tokens`;
    warnings.push(applied("sampling.max_output_tokens", message));
  }
  const budget = costLimit(asked, bounds);
  if (budget !== undefined) {
    spec = { ...spec, budget };
    const { currency, maxCostPicos: totalPicos } = budget;
    const message = `the caller's limits bound the cost to ${costText({ currency, totalPicos })}`;
    warnings.push(applied("budget.max_cost_picos", message));
  }
  return { spec, warnings };
}
