// Between a generation and the engine. A defect in a function that the engine calls ends the generation by
// its signal. The defect never unwinds through the engine, which holds permits and timers.
import { internalError, isDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { RunnableCall, RunningAttempt, Target } from "../reliability/engine-call.ts";

export class RunGuard {
  readonly #abort: (error: GatewayError) => void;
  readonly #report: (error: unknown) => void;
  #first: GatewayError | undefined;

  /** `abort` ends the generation; `report` is called with each defect. */
  constructor(abort: (error: GatewayError) => void, report: (error: unknown) => void) {
    this.#abort = abort;
    this.#report = report;
  }

  /** The error for callers of the first defect; undefined: no defect. */
  get defect(): GatewayError | undefined {
    return this.#first;
  }

  /** Ends the generation if the error is a defect. Returns the error for the engine. */
  take(error: unknown): GatewayError {
    if (error instanceof GatewayError && !isDefect(error)) return error;
    const internal = internalError(error);
    // The same defect passes here again on its way through the engine.
    if (internal === this.#first || (this.#first !== undefined && this.#first.cause === error)) {
      return this.#first;
    }
    this.#report(error);
    this.#first ??= internal;
    this.#abort(this.#first);
    return this.#first;
  }

  /** Runs `work`. A defect in it ends the generation. */
  run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.take(error);
    }
  }

  /** Wraps an attempt, so that its defects are no evidence about its target. */
  attempt<Item>(running: RunningAttempt<Item>): RunningAttempt<Item> {
    const guard = this;
    return {
      limits: running.limits,
      form: running.form,
      open: (signal) => running.open(signal),
      signOf: running.signOf,
      take(item, now, content) {
        try {
          return running.take(item, now, content);
        } catch (error) {
          throw guard.take(error);
        }
      },
      isDraining: () => running.isDraining(),
      isCommitted: () => running.isCommitted(),
      accept() {
        try {
          return running.accept()?.catch((error: unknown) => {
            throw guard.take(error);
          });
        } catch (error) {
          throw guard.take(error);
        }
      },
      isOwnLimit: (kind) => guard.defect !== undefined || running.isOwnLimit(kind),
      end: (outcome, error) => guard.run(() => running.end(outcome, error)),
    };
  }

  /** Wraps a call, so that none of its functions throws. */
  call<T extends Target, Item>(call: RunnableCall<T, Item>): RunnableCall<T, Item> {
    return {
      ...call,
      begin: (plan) => {
        try {
          return this.attempt(call.begin(plan));
        } catch (error) {
          return unsentAttempt(this.take(error));
        }
      },
      skip: (target, error) => this.run(() => call.skip(target, error)),
      decided: (decided) => this.run(() => call.decided(decided)),
      recover: (next) => this.run(() => call.recover(next)),
      wait: (ms, decided) => {
        let ended = (): void => {};
        this.run(() => {
          ended = call.wait(ms, decided);
        });
        return () => this.run(ended);
      },
      unpaid: (target, trigger) => {
        try {
          return call.unpaid(target, trigger);
        } catch (error) {
          return this.take(error);
        }
      },
      canContinue: (target) => {
        try {
          return call.canContinue(target);
        } catch (error) {
          this.take(error);
          return false;
        }
      },
      requestMark: () => {
        try {
          return call.requestMark();
        } catch (error) {
          this.take(error);
          return "";
        }
      },
    };
  }
}

/** An attempt that could not be sent: it fails with this error, which is no evidence about its target. */
function unsentAttempt<Item>(error: GatewayError): RunningAttempt<Item> {
  return {
    limits: { firstTokenMs: undefined, idleMs: undefined, attemptMs: undefined },
    form: "whole",
    signOf: () => "none",
    // biome-ignore lint/correctness/useYield: it has no event
    async *open() {
      throw error;
    },
    take: () => undefined,
    isDraining: () => false,
    isCommitted: () => false,
    accept: () => {},
    isOwnLimit: () => true,
    end: () => {},
  };
}
