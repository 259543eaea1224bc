import type { StreamStore } from "../streams/stream-store.ts";

type SessionCalls = Pick<
  StreamStore,
  | "openSession"
  | "renewSession"
  | "closeSession"
  | "putSnapshot"
  | "snapshots"
  | "broadcast"
  | "onBroadcast"
>;

/** Sessions of a store that one process has to itself: each lives as long as the process. */
export function createProcessSessions(): { readonly living: ReadonlySet<string> } & SessionCalls {
  const living = new Set<string>();
  const snapshots = new Map<string, Uint8Array>();
  const listeners: ((message: Uint8Array) => void)[] = [];
  return {
    living,
    async openSession(session) {
      living.add(session);
    },
    async renewSession(session) {
      if (living.has(session)) return "renewed";
      living.add(session);
      return "lost";
    },
    async closeSession(session) {
      living.delete(session);
      snapshots.delete(session);
    },
    async putSnapshot(session, snapshot) {
      if (living.has(session)) snapshots.set(session, snapshot);
    },
    async snapshots() {
      return [...snapshots.values()];
    },
    async broadcast(message) {
      for (const listener of listeners) listener(message);
    },
    onBroadcast(listener) {
      listeners.push(listener);
    },
  };
}
