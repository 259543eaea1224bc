/** What is measured of the limits of callers. No metric has a caller's name. */
export interface LimitsTelemetry {
  admitted(): void;
  /** The reason of the refusal. */
  refused(reason: string): void;
  /** Calls are counted by this replica alone, since the store is away; or no longer. */
  local(isLocal: boolean): void;
  /** Reservations of lost generations were settled at what they had reserved. */
  reaped(count: number): void;
  /** Settlements found no room while the store was away. */
  dropped(count: number): void;
}

export const noLimitsTelemetry: LimitsTelemetry = {
  admitted: () => {},
  refused: () => {},
  local: () => {},
  reaped: () => {},
  dropped: () => {},
};
