/** How one stream is delivered. */
export interface StreamOptions {
  readonly omitReasoning: boolean;
  /** One final `usage` event right before the terminal one. */
  readonly includeUsage: boolean;
  readonly includeEventTime: boolean;
  readonly omitFinalMessage: boolean;
  /** Longest silence in milliseconds before a heartbeat; 0 for none. */
  readonly heartbeatMs: number;
}
