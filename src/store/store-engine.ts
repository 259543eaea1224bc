/** What holds for everything that is kept in a store. */
export interface StoreCapabilities {
  readonly type: "memory" | "sqlite" | "redis";
  /** Several replicas use it at once. */
  readonly isShared: boolean;
  /** What a stored stream outlives. */
  readonly durability: "process" | "host" | "cluster";
}
