// Chooses the target of a call's first attempt.
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { hintedWaitMs } from "./backoff.ts";
import { CallStates } from "./call-states.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import { refusalError } from "./refusal-error.ts";
import type { AttemptPermit, Refusal } from "./target-state.ts";
import type { TargetStates } from "./target-states.ts";

/** A target with the permit of one attempt. */
export interface Grant<T extends Target> {
  readonly target: T;
  readonly states: CallStates<T>;
  readonly permit: AttemptPermit;
  /** Milliseconds waited before the attempt. */
  readonly queuedMs: number;
  readonly cooledMs: number;
}

interface Refused<T extends Target> {
  readonly target: T;
  readonly refusal: Refusal;
}

/** The error for a call that no target accepted: that of the target which may accept one first. */
function noTargetError(refused: readonly Refused<Target>[], now: number): GatewayError {
  // A busy target may soon be free. A target whose credential was refused needs an operator.
  const order = { full: 0, cooling: 1, open: 1, out: 2 };
  const [first] = [...refused].sort(
    (a, b) => order[a.refusal.state] - order[b.refusal.state] || a.refusal.until - b.refusal.until,
  );
  if (first === undefined) return new GatewayError("internal", "no target was chosen");
  return refusalError(first.target, first.refusal, now);
}

function isGranted(answer: AttemptPermit | Refusal): answer is AttemptPermit {
  return !("state" in answer);
}

/** Waits of a call before its first attempt. */
interface Waited {
  readonly startedAt: number;
  queuedMs: number;
  cooledMs: number;
}

export class FirstPermit {
  readonly #clock: Clock;
  readonly #states: TargetStates;

  constructor(clock: Clock, states: TargetStates) {
    this.#clock = clock;
    this.#states = states;
  }

  /**
   * The first target that accepts the call, after a bounded wait if all are busy or paused. Throws the `GatewayError`
   * of a call of which nothing was sent. Each passed-over target has been reported as skipped.
   */
  async acquire<T extends Target>(call: EngineCall<T>): Promise<Grant<T>> {
    const states = new CallStates(call, this.#states);
    const waited: Waited = { startedAt: this.#clock.now(), queuedMs: 0, cooledMs: 0 };
    for (;;) {
      const refused: Refused<T>[] = [];
      const taken =
        this.#take(call, states, refused) ??
        (await this.#queue(call, states, refused, waited)) ??
        (await this.#coolDown(call, refused, waited)) ??
        this.#panic(call, states, refused);
      if (taken === "again") continue;
      const passedOver = refused.filter(({ target }) => target !== taken?.target);
      const now = this.#clock.now();
      for (const { target, refusal } of passedOver) {
        call.skip(target, refusalError(target, refusal, now));
      }
      if (taken === undefined) throw noTargetError(refused, now);
      const { queuedMs, cooledMs } = waited;
      return { ...taken, states, queuedMs, cooledMs };
    }
  }

  /** The first target that accepts the call now. */
  #take<T extends Target>(call: EngineCall<T>, states: CallStates<T>, refused: Refused<T>[]) {
    for (const target of call.targets) {
      const permit = states.of(target).acquire(call);
      if (isGranted(permit)) return { target, permit };
      refused.push({ target, refusal: permit });
    }
    return undefined;
  }

  async #pause<T extends Target>(
    call: EngineCall<T>,
    until: number,
    waited: Waited,
  ): Promise<"again"> {
    const now = this.#clock.now();
    await this.#clock.sleep(hintedWaitMs(until - now, this.#clock.random()), call.signal);
    waited.cooledMs += this.#clock.now() - now;
    return "again";
  }

  /** Waits for a place at the first target that is only busy; undefined if no target is, or no place came free. */
  async #queue<T extends Target>(
    call: EngineCall<T>,
    states: CallStates<T>,
    refused: readonly Refused<T>[],
    waited: Waited,
  ) {
    const busy = refused.find(({ refusal }) => refusal.state === "full");
    if (busy === undefined) return undefined;
    const { target } = busy;
    const state = states.of(target);
    const now = this.#clock.now();
    const share = await state.limit.enter(call.caller, call.endsAt - now, call.signal);
    if (share === undefined) return undefined;
    waited.queuedMs += this.#clock.now() - now;
    const permit = state.acquireQueued(share);
    return isGranted(permit) ? { target, permit } : "again";
  }

  /** Waits until the first pause of a target ends; undefined if that takes too long. */
  async #coolDown<T extends Target>(
    call: EngineCall<T>,
    refused: readonly Refused<T>[],
    waited: Waited,
  ) {
    const until = Math.min(
      ...refused.map(({ refusal }) =>
        refusal.state === "cooling" ? refusal.until : Number.POSITIVE_INFINITY,
      ),
    );
    const { maxWaitMs, maxTotalDelayMs } = call.policy;
    const longestMs = Math.min(maxWaitMs, maxTotalDelayMs);
    if (until - waited.startedAt > longestMs || until >= call.endsAt) return undefined;
    return this.#pause(call, until, waited);
  }

  /**
   * If every target is ejected or out, sends one probe at a time: to each target in turn, beginning with the one that
   * returns first.
   */
  #panic<T extends Target>(
    call: EngineCall<T>,
    states: CallStates<T>,
    refused: readonly Refused<T>[],
  ) {
    if (!this.#states.settings.health.panic) return undefined;
    const ejected = refused.filter(
      ({ refusal }) => refusal.state === "open" || refusal.state === "out",
    );
    if (ejected.length < refused.length) return undefined;
    const isProbed = ({ target }: Refused<T>): boolean =>
      states.of(target).circuit.state === "half-open";
    if (ejected.some(isProbed)) return undefined;
    const [first] = ejected.sort((a, b) => {
      const [one, other] = [states.of(a.target).panickedAt, states.of(b.target).panickedAt];
      return one === other ? a.refusal.until - b.refusal.until : one - other;
    });
    if (first === undefined) return undefined;
    const { target } = first;
    const permit = states.of(target).acquireProbe(call);
    return permit === undefined ? undefined : { target, permit };
  }
}
