/** One running call. */
export interface CallTelemetry {
  /** Identifier of its trace, as 32 hexadecimal digits; unset: no trace. */
  readonly traceId?: string | undefined;
  /** Ends the server span and records the duration. `code`: the name of the status, for example `OK`. */
  end(result: { readonly code: string; readonly reason: string | undefined }): void;
}
