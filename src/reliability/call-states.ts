import { type EngineCall, nameOf, type Target } from "./engine-call.ts";
import type { TargetState } from "./target-state.ts";
import type { TargetStates } from "./target-states.ts";

/**
 * The states of a call's targets as they were when a target accepted the call. A reload gives a replaced instance new
 * states, and a call that still uses the old instance must not change the new ones.
 */
export class CallStates<T extends Target> {
  readonly #states = new Map<T, TargetState>();

  constructor({ targets, form }: Pick<EngineCall<T>, "targets" | "form">, states: TargetStates) {
    for (const target of targets) {
      const state = states.of(nameOf(target));
      this.#states.set(target, form === "counted" ? state.counts : state);
    }
  }

  of(target: T): TargetState {
    const state = this.#states.get(target);
    if (state === undefined) throw new Error("the target does not belong to the call");
    return state;
  }
}
