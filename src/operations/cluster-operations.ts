// Provider status and retry figures over all replicas that share a store, for operators.
import type { Clock } from "../clock.ts";
import { mergeStatus } from "../domain/merge-status.ts";
import type { LocalOperations, Operations, Status, StoreStatus } from "../domain/operations.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import { decodeSnapshot } from "./replica-snapshot.ts";

export function createClusterOperations(
  own: LocalOperations,
  log: StreamLog,
  replica: string,
  clock: Clock,
): Operations {
  /** The last snapshots of the other living replicas; empty if the store is away. */
  async function others(): Promise<readonly Status[]> {
    if (!log.store.capabilities.isShared) return [];
    const { storeTimeoutMs } = log.settings;
    const stored = await log.health.look(storeTimeoutMs, () => log.store.snapshots());
    return (stored ?? []).flatMap((bytes) => {
      const snapshot = decodeSnapshot(bytes);
      return snapshot === undefined || snapshot.replica === replica ? [] : snapshot.status;
    });
  }

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
      const replicas = scope === "replica" ? [] : await others();
      return { ...mergeStatus(own.status(), replicas), replicaCount: 1 + replicas.length };
    },
    async resetCircuit(provider, model, scope) {
      own.resetCircuit(provider, model);
      if (scope === "replica") return;
      await log.control.send({ type: "reset-circuit", provider, model: model ?? "" });
    },
    hasModel: own.hasModel,
  };
}
