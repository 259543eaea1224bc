/** Facts about a store that apply to all tenants. */
export interface StoreCapabilities {
  readonly type: "memory" | "sqlite" | "redis";
  /** Whether several replicas use the store at once. */
  readonly isShared: boolean;
  /** Data survives within the process that has opened the store, across restarts on this host, or the loss of a host. */
  readonly durability: "process" | "host" | "cluster";
}

/** Whether another process finds what this one has stored: beside it, or after its end. */
export function outlivesProcess({ isShared, durability }: StoreCapabilities): boolean {
  return isShared || durability !== "process";
}

/**
 * The place where tenants keep their data: the memory of this process, a file, or a Redis. A tenant is one kind of
 * data with its own port and key space, for example the stream log. Tenants are created before the engine is opened.
 * Each engine has additional methods for them.
 */
export interface StoreEngine {
  readonly capabilities: StoreCapabilities;
  /** Rejects if the engine cannot be used at all. An engine that connects by itself resolves at once. */
  open(): Promise<void>;
  /** Answers outstanding calls if possible, and closes. */
  close(): Promise<void>;
}
