/**
 * The lives of the processes that use a store, and what they tell each other over it. Each method is one
 * atomic step and may be repeated. Rejects with `StoreUnavailable` alone.
 */
export interface Sessions {
  /** Announces a process that is alive for `ttlMs`, and is dead when it does not renew. */
  openSession(session: string, ttlMs: number): Promise<void>;
  /** `lost`: it had expired, and what it owned may be another's. It is open again afterwards. */
  renewSession(session: string, ttlMs: number): Promise<"renewed" | "lost">;
  closeSession(session: string): Promise<void>;
  /** What this replica tells the others of itself; it goes with its session. */
  putSnapshot(session: string, snapshot: Uint8Array): Promise<void>;
  /** Those of all living sessions. */
  snapshots(): Promise<readonly Uint8Array[]>;
  /** Tells every replica, this one too where others share the store. Best effort. */
  broadcast(message: Uint8Array): Promise<void>;
  onBroadcast(listener: (message: Uint8Array) => void): void;
}
