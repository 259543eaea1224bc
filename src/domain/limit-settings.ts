/** Calls at one target. */
export interface LimitSettings {
  readonly maxInFlight: number;
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** Part of the calls at a time that one caller may have while it is alone; 1: all of them. */
  readonly callerShare: number;
}
