// Which target takes a call that has not been sent anywhere yet.
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { hintedWaitMs } from "./backoff.ts";
import { type EngineCall, nameOf, type Target } from "./engine-call.ts";
import type { AttemptPermit, Refusal } from "./target-state.ts";
import type { TargetStates } from "./target-states.ts";

/** A target with the right to send one attempt there. */
export interface Grant<T extends Target> {
  readonly target: T;
  readonly permit: AttemptPermit;
  /** Waits before it, in milliseconds. */
  readonly queuedMs: number;
  readonly cooledMs: number;
}

interface Refused<T extends Target> {
  readonly target: T;
  readonly refusal: Refusal;
}

/** A caller waits in a queue for at most this share of its time. */
const QUEUE_SHARE = 0.25;

/** Why a target was passed over, as the error of the attempt that was not made. */
export function refusalError(target: Target, refusal: Refusal, now: number): GatewayError {
  const { provider, id } = target.model;
  const name = `${provider}/${id}`;
  const retryAfterMs = Math.max(0, refusal.until - now);
  switch (refusal.state) {
    case "open":
      return new GatewayError("circuit-open", `the circuit of ${name} is open`, { retryAfterMs });
    case "cooling":
      return new GatewayError("rate-limit", `${name} is rate limited`, { retryAfterMs });
    case "out":
      return new GatewayError(refusal.kind, `${name} refused its credential or its model lately`);
    case "full":
      return new GatewayError("gateway-overloaded", `too many calls run at ${name}`);
  }
}

/** What the caller reads where no target took the call: the earliest way out. */
function noTargetError(refused: readonly Refused<Target>[], now: number): GatewayError {
  const order = ["full", "cooling", "open", "out"] as const;
  const [first] = [...refused].sort(
    (a, b) =>
      order.indexOf(a.refusal.state) - order.indexOf(b.refusal.state) ||
      a.refusal.until - b.refusal.until,
  );
  if (first === undefined) return new GatewayError("internal", "no target was chosen");
  return refusalError(first.target, first.refusal, now);
}

function isGranted(admission: AttemptPermit | Refusal): admission is AttemptPermit {
  return !("state" in admission);
}

export class Admission {
  readonly #clock: Clock;
  readonly #states: TargetStates;

  constructor(clock: Clock, states: TargetStates) {
    this.#clock = clock;
    this.#states = states;
  }

  /**
   * The first target that takes the call, after a bounded wait where all are
   * busy or rate limited. Throws the `GatewayError` of a call of which nothing
   * was sent; every target passed over has been told of as skipped.
   */
  async admit<T extends Target>(call: EngineCall<T>): Promise<Grant<T>> {
    const startedAt = this.#clock.now();
    let cooledMs = 0;
    let queuedMs = 0;
    for (;;) {
      const refused: Refused<T>[] = [];
      for (const target of call.targets) {
        const admission = this.#states.of(nameOf(target)).admit(call.stream);
        if (isGranted(admission)) {
          this.#tell(call, refused);
          return { target, permit: admission, queuedMs, cooledMs };
        }
        refused.push({ target, refusal: admission });
      }
      const waitedAt = this.#clock.now();
      const queued = await this.#queue(call, refused);
      if (queued !== undefined) {
        queuedMs += this.#clock.now() - waitedAt;
        if (isGranted(queued.admission)) {
          this.#tell(
            call,
            refused.filter(({ target }) => target !== queued.target),
          );
          return { target: queued.target, permit: queued.admission, queuedMs, cooledMs };
        }
        continue;
      }
      if (await this.#coolDown(call, refused, startedAt)) {
        cooledMs += this.#clock.now() - waitedAt;
        continue;
      }
      const probed = this.#panic(call, refused);
      if (probed !== undefined) {
        this.#tell(
          call,
          refused.filter(({ target }) => target !== probed.target),
        );
        return { ...probed, queuedMs, cooledMs };
      }
      this.#tell(call, refused);
      throw noTargetError(refused, this.#clock.now());
    }
  }

  #tell<T extends Target>(call: EngineCall<T>, refused: readonly Refused<T>[]): void {
    const now = this.#clock.now();
    for (const { target, refusal } of refused) {
      call.skip(target, refusalError(target, refusal, now));
    }
  }

  /** Waits for a slot at the first target that is merely busy; undefined where none is, or none came. */
  async #queue<T extends Target>(call: EngineCall<T>, refused: readonly Refused<T>[]) {
    const busy = refused.find(({ refusal }) => refusal.state === "full");
    if (busy === undefined) return undefined;
    const { target } = busy;
    const state = this.#states.of(nameOf(target));
    const leftMs = call.endsAt - this.#clock.now();
    const waitMs = Math.min(this.#states.settings.limit.queueWaitMs, leftMs * QUEUE_SHARE);
    if (!(await state.limit.enter(waitMs, call.signal))) return undefined;
    return { target, admission: state.admitQueued(call.stream) };
  }

  /** Waits until the first rate limited target is fresh again; false where that takes too long. */
  async #coolDown<T extends Target>(
    call: EngineCall<T>,
    refused: readonly Refused<T>[],
    startedAt: number,
  ): Promise<boolean> {
    const now = this.#clock.now();
    const until = Math.min(
      ...refused.map(({ refusal }) =>
        refusal.state === "cooling" ? refusal.until : Number.POSITIVE_INFINITY,
      ),
    );
    const waitMs = hintedWaitMs(until - now, this.#clock.random());
    const { maxWaitMs, maxTotalDelayMs } = call.policy;
    const longestMs = Math.min(maxWaitMs, maxTotalDelayMs);
    if (until - startedAt > longestMs || now + waitMs >= call.endsAt) return false;
    await this.#clock.sleep(waitMs, call.signal);
    return true;
  }

  /** With every target out: one probe at a time to the one that comes back first. */
  #panic<T extends Target>(call: EngineCall<T>, refused: readonly Refused<T>[]) {
    if (!this.#states.settings.health.panic) return undefined;
    const ejected = refused.filter(
      ({ refusal }) => refusal.state === "open" || refusal.state === "out",
    );
    if (ejected.length < refused.length) return undefined;
    const isProbed = ({ target }: Refused<T>): boolean =>
      this.#states.of(nameOf(target)).circuit.state === "half-open";
    if (ejected.some(isProbed)) return undefined;
    const [first] = ejected.sort((a, b) => a.refusal.until - b.refusal.until);
    if (first === undefined) return undefined;
    const { target } = first;
    const permit = this.#states.of(nameOf(target)).admitPanic(call.stream);
    return permit === undefined ? undefined : { target, permit };
  }
}
