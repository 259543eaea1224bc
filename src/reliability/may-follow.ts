// Where a call may go after a failure, by the rule of the failure and what was delivered.

import { canOutgrow } from "./can-outgrow.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import { nextTargets } from "./failure-rule.ts";
import type { Failure, Progress } from "./progress.ts";

/** The next attempt would go on after output that the caller holds. */
export function goesOn<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  { committed, error }: Failure<T>,
): boolean {
  // Nothing can be added to output that is whole.
  if (error.kind === "invalid-output") return false;
  const isContinued = call.policy.recovery === "continue";
  return isContinued && (committed || progress.broken !== undefined);
}

/** The rule of the failure lets a call move from its target to this one. */
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
