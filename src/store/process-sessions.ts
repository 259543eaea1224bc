import type { Sessions } from "./sessions.ts";

/** Sessions of a store that only one process uses. Each lives as long as the process. */
export interface ProcessSessions {
  /** Open sessions. */
  readonly living: ReadonlySet<string>;
  readonly calls: Sessions;
}

export function createProcessSessions(): ProcessSessions {
  const living = new Set<string>();
  const snapshots = new Map<string, Uint8Array>();
  const listeners: ((message: Uint8Array) => void)[] = [];
  const calls: Sessions = {
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
  return { living, calls };
}
