// Shares rate limits, and circuits that an operator resets, with the other replicas.
import type { LocalOperations } from "../domain/operations.ts";
import type { TargetStates } from "../reliability/target-states.ts";
import type { ControlChannel } from "../streams/control-channel.ts";

/** Longest accepted cooldown from another replica, in milliseconds. */
const MAX_COOLDOWN_MS = 86_400_000;

export function shareTargetStates(
  control: ControlChannel,
  states: TargetStates,
  operations: LocalOperations,
): void {
  states.onChange(({ provider, model }, change) => {
    // Each replica finds out for itself when it may count.
    if (change.what !== "cooldown" || change.isForCounts) return;
    void control.send({ type: "cooldown", provider, model, forMs: change.forMs });
  });
  control.on("cooldown", ({ provider, model, forMs }) => {
    // Replicas can have different configurations for a while.
    if (!operations.hasModel(provider, model)) return;
    states.of({ provider, model }).coolDown(Math.min(forMs, MAX_COOLDOWN_MS));
  });
  control.on("reset-circuit", ({ provider, model }) => {
    operations.resetCircuit(provider, model === "" ? undefined : model);
  });
}
