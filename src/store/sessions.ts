/**
 * Sessions of the processes that use a store, and messages between them. Each method is one atomic step and may be
 * repeated. Methods reject only with `StoreUnavailable`.
 */
export interface Sessions {
  /** Announces a process that counts as alive for `ttlMs`, and as dead if it does not renew. */
  openSession(session: string, ttlMs: number): Promise<void>;
  /** `lost`: the session had expired, so others may own its streams. It is open again afterwards. */
  renewSession(session: string, ttlMs: number): Promise<"renewed" | "lost">;
  closeSession(session: string): Promise<void>;
  /** Publishes this replica's status to the others, for the life of its session. */
  putSnapshot(session: string, snapshot: Uint8Array): Promise<void>;
  /** Snapshots of all living sessions. */
  snapshots(): Promise<readonly Uint8Array[]>;
  /** Sends a message to every replica, including this one if the store is shared. Best effort. */
  broadcast(message: Uint8Array): Promise<void>;
  onBroadcast(listener: (message: Uint8Array) => void): void;
}
