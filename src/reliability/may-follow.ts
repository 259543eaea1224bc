// Targets that may follow a failure, by the failure's rule and the delivered output.

import { canOutgrow } from "./can-outgrow.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import { nextTargets } from "./failure-rule.ts";
import type { Failure, Progress } from "./progress.ts";

/** Whether the next attempt would continue output that the caller has. */
export function goesOn<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  { committed, error }: Failure<T>,
): boolean {
  // Complete output cannot be continued.
  if (error.kind === "invalid-output") return false;
  const isContinued = call.policy.recovery === "continue";
  return isContinued && (committed || progress.broken !== undefined);
}

/** Whether the failure's rule lets the call move to this target. */
export function mayFollow<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  failure: Failure<T>,
  next: T,
): boolean {
  const { model } = failure.target;
  if (progress.unpaid.has(next)) return false;
  if (goesOn(call, progress, failure) && !call.canContinue(next)) return false;
  switch (nextTargets(failure.error, model, call.policy.failoverOn)) {
    case "none":
      return false;
    case "any":
      return true;
    case "other-instance":
      return next.model.provider !== model.provider;
    case "larger-window":
      return canOutgrow(next.model, progress.outgrown);
  }
}
