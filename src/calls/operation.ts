/** A service operation, independent of the door: an RPC, or a path of an HTTP API. */
export interface Operation {
  /** Full name for log, spans and metrics, for example `steer.v1.GenerationService/Generate`. */
  readonly name: string;
  readonly kind: "unary" | "server-stream";
  /** Operations of operators need the role `operator`. */
  readonly audience: "callers" | "operators";
}
