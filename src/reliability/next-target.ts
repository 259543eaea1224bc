import type { EngineCall, Target } from "./engine-call.ts";
import { openTarget, type Progress } from "./progress.ts";

/** The first untried target that is open; otherwise one with a queue, or the one whose pause ends first. */
export function nextTarget<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  failed: T,
  mayFollow: (target: T) => boolean,
): T | undefined {
  return (
    openTarget(call, progress, mayFollow) ??
    busyTarget(call, progress, mayFollow) ??
    pausedTarget(call, progress, failed, mayFollow)
  );
}

function busyTarget<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  mayFollow: (target: T) => boolean,
): T | undefined {
  return call.targets.find(
    (each) =>
      !progress.used.has(each) &&
      !progress.refusedInVain.has(each) &&
      mayFollow(each) &&
      progress.states.of(each).refusal(call.caller)?.state === "full",
  );
}

function pausedTarget<T extends Target>(
  call: EngineCall<T>,
  { states, attemptsAt }: Progress<T>,
  failed: T,
  mayFollow: (target: T) => boolean,
): T | undefined {
  let first: T | undefined;
  let until = Number.POSITIVE_INFINITY;
  for (const target of call.targets) {
    if (target === failed || !mayFollow(target)) continue;
    const refusal = states.of(target).refusal(call.caller);
    if (refusal?.state !== "cooling" || refusal.until >= until) continue;
    if ((attemptsAt.get(target) ?? 0) >= call.policy.attempts) continue;
    first = target;
    until = refusal.until;
  }
  return first;
}
