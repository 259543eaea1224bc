/** One running call. */
export interface CallTelemetry {
  /** Identifier of its trace, as 32 hexadecimal digits; unset: no trace. */
  readonly traceId?: string | undefined;
  /** Ends the server span and records the duration. */
  end(result: {
    /** Name of the status, for example `OK`. */
    readonly code: string;
    readonly reason: string | undefined;
    /** Undefined: the caller is unknown. */
    readonly caller?: string | undefined;
  }): void;
}
