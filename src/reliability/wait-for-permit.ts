// The wait before an attempt that follows a failure, and its permit.
import type { Clock } from "../clock.ts";
import type { Decided } from "../domain/decided.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import { openTarget, type Progress } from "./progress.ts";
import type { AttemptPermit, Refusal } from "./target-state.ts";

export interface PermitWait<T extends Target> {
  readonly call: EngineCall<T>;
  readonly progress: Progress<T>;
  readonly target: T;
  readonly delayMs: number;
  /** Tokens of the target's budget, given back if nothing is sent. */
  readonly price: number;
  readonly decided: Decided;
}

type Answer = AttemptPermit | Refusal;

/** Waits `delayMs` and acquires the permit. Rejects if the call is aborted. */
export async function waitForPermit<T extends Target>(
  clock: Clock,
  wait: PermitWait<T>,
): Promise<Answer> {
  const { call, progress, target, delayMs, price } = wait;
  const state = progress.states.of(target);
  const { budget } = state.instance;
  // The price is taken before the wait, because calls that wait at the same time share one budget.
  budget.spend(price);
  let answer: Answer | undefined;
  try {
    if (delayMs > 0) {
      progress.waitedMs += delayMs;
      await paused(wait, (signal) => clock.sleep(delayMs, signal));
    }
    answer = state.acquire(call);
    if ("state" in answer && answer.state === "full") answer = await queued(clock, wait, answer);
    const isOpened = "state" in answer && answer.state === "open" && delayMs > 0;
    if (isOpened && progress.used.has(target)) answer = await afterProbe(clock, wait, answer);
    return answer;
  } finally {
    if (answer === undefined || "state" in answer) budget.refund(price);
  }
}

/** Waits in the queue of a target that is full. */
async function queued<T extends Target>(
  clock: Clock,
  { call, progress, target }: PermitWait<T>,
  refusal: Answer,
): Promise<Answer> {
  const state = progress.states.of(target);
  const now = clock.now();
  const share = await state.limit.enter(call.caller, call.endsAt - now, call.signal);
  progress.waitedMs += clock.now() - now;
  return share === undefined ? refusal : state.acquireQueued(share);
}

/** Reports a pause to the call from its beginning to its end. */
async function paused<T extends Target>(
  { call, delayMs, decided }: PermitWait<T>,
  pause: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = call.wait(delayMs, decided);
  try {
    await pause(call.signal);
  } finally {
    ended();
  }
}

/**
 * The circuit opened while the call waited for its turn. If no other target is open, the call is sent after a
 * successful probe, or is the probe itself.
 */
async function afterProbe<T extends Target>(
  clock: Clock,
  wait: PermitWait<T>,
  refusal: Answer,
): Promise<Answer> {
  const { call, progress, target } = wait;
  const state = progress.states.of(target);
  const { circuit } = state;
  let answer = refusal;
  const { ejections } = circuit;
  while ("state" in answer && answer.state === "open") {
    if (openTarget(call, progress) !== undefined) return answer;
    // The probe failed, so the circuit stays open for longer. A probe that came too early is no evidence.
    if (circuit.state === "open" && circuit.ejections > ejections) return answer;
    const now = clock.now();
    const delayMs = Math.max(0, circuit.openAt - now);
    const { maxTotalDelayMs } = call.policy;
    if (delayMs >= Math.min(maxTotalDelayMs - progress.waitedMs, call.endsAt - now)) return answer;
    await paused({ ...wait, delayMs }, (signal) => circuit.changed(delayMs, signal));
    progress.waitedMs += clock.now() - now;
    answer = state.acquire(call);
  }
  return answer;
}
