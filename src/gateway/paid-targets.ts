import type { GatewayError } from "../domain/gateway-error.ts";
import type { AttemptTrigger } from "../domain/generation.ts";
import type { RoutedTarget } from "../domain/route.ts";
import { toGatewayError } from "../reliability/run-attempt.ts";
import { attemptSpec, textToContinue } from "./attempt-spec.ts";
import { type PaidCall, payFor } from "./pay-for.ts";

/** Why the request's budget does not pay for an attempt at this target; undefined: the budget pays. */
export function moneyObstacle(
  call: PaidCall,
  target: RoutedTarget,
  trigger: AttemptTrigger,
): GatewayError | undefined {
  const { result } = call;
  const before = trigger === "continuation" ? textToContinue(result, target) : undefined;
  try {
    payFor(call, target, attemptSpec(result, target, before));
    return undefined;
  } catch (error) {
    return toGatewayError(error);
  }
}

/** The targets that the request's budget pays for now. The others are skipped. */
export function paidTargets(
  call: PaidCall,
  targets: readonly RoutedTarget[],
): { readonly targets: readonly RoutedTarget[]; readonly error: GatewayError | undefined } {
  let error: GatewayError | undefined;
  const paid = targets.filter((target) => {
    const obstacle = moneyObstacle(call, target, "initial");
    if (obstacle === undefined) return true;
    error ??= obstacle;
    call.result.skip({ provider: target.model.provider, model: target.model.id }, obstacle);
    return false;
  });
  return { targets: paid, error: paid.length === 0 ? error : undefined };
}
