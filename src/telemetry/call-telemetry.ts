/** One RPC while it runs. */
export interface CallTelemetry {
  /** The trace that it belongs to, as 32 hexadecimal digits; unset without one. */
  readonly traceId?: string | undefined;
  /** Ends the server span and records the duration. `code` is the status name, e.g. `OK`. */
  end(result: { readonly code: string; readonly reason: string | undefined }): void;
}
