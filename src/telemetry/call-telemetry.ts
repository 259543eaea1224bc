/** One RPC while it runs. */
export interface CallTelemetry {
  /** Ends the server span and records the duration. `code` is the status name, e.g. `OK`. */
  end(result: { readonly code: string; readonly reason: string | undefined }): void;
}
