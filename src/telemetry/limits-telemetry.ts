/** Metrics of the limits of callers. No metric has a caller's name. */
export interface LimitsTelemetry {
  admitted(): void;
  /** The reason of the refusal. */
  refused(reason: string): void;
  /** A limit is used up to its `warn_at`; the reason of the refusals to come. Once a window. */
  nearlyUsed(reason: string): void;
  /** Calls are counted by this replica alone, since the store is away; or no longer. */
  local(isLocal: boolean): void;
  /** Reservations of lost generations were settled at their reserved amounts. */
  reaped(count: number): void;
  /** Settlements were dropped while the store was away. */
  dropped(count: number): void;
}

export const noLimitsTelemetry: LimitsTelemetry = {
  admitted: () => {},
  refused: () => {},
  nearlyUsed: () => {},
  local: () => {},
  reaped: () => {},
  dropped: () => {},
};
