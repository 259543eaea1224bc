/** What holds for everything that is kept in a store. */
export interface StoreCapabilities {
  readonly type: "memory" | "sqlite" | "redis";
  /** Several replicas use it at once. */
  readonly isShared: boolean;
  /** What is kept outlives: the process, its end on this host, or the loss of a host. */
  readonly durability: "process" | "host" | "cluster";
}

/**
 * That in which tenants keep their data: the memory of this process, a file, or a Redis. A tenant is one
 * kind of data with a port and a key space of its own; the stream log is one. Tenants are made over an
 * engine before it is opened. Each engine has the means of its own for them beside these.
 */
export interface StoreEngine {
  readonly capabilities: StoreCapabilities;
  /** Rejects where the engine cannot be used at all; one that connects by itself resolves at once. */
  open(): Promise<void>;
  /** Answers what was asked before where it can, and ends. */
  close(): Promise<void>;
}
