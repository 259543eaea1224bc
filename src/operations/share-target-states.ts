// Shares rate limits, circuits that an operator resets, and the circuits of a command's workers with other replicas.
import type { TargetName } from "../domain/generation.ts";
import type { LocalOperations } from "../domain/operations.ts";
import { commandOf } from "../domain/replica-name.ts";
import type { TargetChange } from "../reliability/target-change.ts";
import type { TargetStates } from "../reliability/target-states.ts";
import type { ControlChannel, ControlMessage } from "../streams/control-channel.ts";

/** Longest accepted cooldown or ejection from another replica, in milliseconds. */
const MAX_PAUSE_MS = 86_400_000;

/** Undefined: the change is not for others. */
function messageOf(
  { provider, model }: TargetName,
  change: TargetChange,
  command: string | undefined,
): ControlMessage | undefined {
  // Each replica finds out for itself when it may count.
  if (change.isForCounts) return undefined;
  if (change.what === "cooldown") {
    return { type: "cooldown", provider, model, forMs: change.forMs };
  }
  // Other hosts have other ways to the provider. Workers have the same.
  if (change.what !== "circuit" || command === undefined) return undefined;
  const forMs = change.state === "open" ? change.forMs : 0;
  return { type: "circuit", command, provider, model, forMs };
}

export function shareTargetStates(
  control: ControlChannel,
  states: TargetStates,
  operations: LocalOperations,
  replica: string,
): void {
  const own = commandOf(replica);
  states.onChange((target, change) => {
    const message = messageOf(target, change, own);
    if (message !== undefined) void control.send(message);
  });
  control.on("cooldown", ({ provider, model, forMs }) => {
    // Replicas can have different configurations for a while.
    if (!operations.hasModel(provider, model)) return;
    states.of({ provider, model }).coolDown(Math.min(forMs, MAX_PAUSE_MS));
  });
  control.on("circuit", ({ command, provider, model, forMs }) => {
    if (command !== own || !operations.hasModel(provider, model)) return;
    states.of({ provider, model }).circuit.adopt(Math.min(forMs, MAX_PAUSE_MS));
  });
  control.on("reset-circuit", ({ provider, model, command }) => {
    if (command !== undefined && command !== own) return;
    operations.resetCircuit(provider, model === "" ? undefined : model);
  });
}
