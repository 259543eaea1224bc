// Provider status and retry figures over all replicas that share a store, for operators.
import type { Clock } from "../clock.ts";
import { mergeStatus } from "../domain/merge-status.ts";
import type { LocalOperations, Operations, StoreStatus } from "../domain/operations.ts";
import { commandOf } from "../domain/replica-name.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import { readOtherSnapshots } from "./replica-snapshot.ts";

export function createClusterOperations(
  own: LocalOperations,
  log: StreamLog,
  replica: string,
  clock: Clock,
): Operations {
  function store(): StoreStatus {
    const { state } = log.health;
    const { type } = log.store.capabilities;
    if (state.state === "up") return { type, trouble: undefined };
    const sinceMs = clock.wallTime() - (clock.now() - state.since);
    return { type, trouble: { ...state.trouble, sinceMs } };
  }

  return {
    store,
    async status(scope) {
      const others = await readOtherSnapshots(log, replica, scope);
      const replicas = others.map(({ status }) => status);
      return { ...mergeStatus(own.status(), replicas), replicaCount: 1 + replicas.length };
    },
    async resetCircuit(provider, model, scope) {
      own.resetCircuit(provider, model);
      const message = { type: "reset-circuit", provider, model: model ?? "" } as const;
      if (scope === "cluster") return log.control.send(message);
      const command = commandOf(replica);
      if (command !== undefined) await log.control.send({ ...message, command });
    },
    hasModel: own.hasModel,
  };
}
