import { GatewayError } from "../domain/gateway-error.ts";
import type { Target } from "./engine-call.ts";
import type { Refusal } from "./target-state.ts";

/** The error of a skipped target's attempt, which was not made. */
export function refusalError(target: Target, refusal: Refusal, now: number): GatewayError {
  const { provider, id } = target.model;
  const name = `${provider}/${id}`;
  const retryAfterMs = Math.max(0, refusal.until - now);
  switch (refusal.state) {
    case "open":
      return new GatewayError("circuit-open", `the circuit of ${name} is open`, { retryAfterMs });
    case "cooling":
      return new GatewayError(
        refusal.kind,
        refusal.kind === "rate-limit" ? `${name} is rate limited` : `${name} asked for a pause`,
        { retryAfterMs },
      );
    case "out":
      return new GatewayError(refusal.kind, `${name} refused its credential or its model lately`);
    case "full":
      return new GatewayError(
        "gateway-overloaded",
        refusal.isReserved
          ? `too many calls of this caller run at ${name}`
          : `too many calls run at ${name}`,
      );
  }
}

/** The error if the budget forbids an attempt at a target that would accept it. */
export function budgetError({ model }: Target, move: "retry" | "failover"): GatewayError {
  const message =
    move === "failover"
      ? `failovers to ${model.provider}/${model.id} pause: too many have failed there`
      : `${model.provider}/${model.id} is not asked again: the retry budget of ${model.provider} is used up`;
  return new GatewayError("gateway-overloaded", message, { reason: "RETRY_BUDGET" });
}
