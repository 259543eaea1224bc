/** One RPC while it runs. */
export interface CallTelemetry {
  /** The trace that it belongs to, as 32 hexadecimal digits; unset without one. */
  readonly traceId?: string | undefined;
  /** Ends the server span and records the duration. */
  end(result: {
    /** Name of the status, such as `OK`. */
    readonly code: string;
    readonly reason: string | undefined;
    /** Undefined: nobody knows who has called. */
    readonly caller?: string | undefined;
  }): void;
}
