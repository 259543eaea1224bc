/** Something that callers ask of the service, whichever door they come by: an RPC, or a path of an HTTP API. */
export interface Operation {
  /** Full name, as the log, spans and metrics have it, e.g. `steer.v1.GenerationService/Generate`. */
  readonly name: string;
  readonly kind: "unary" | "server-stream";
  /** Operators' operations need the role `operator`. */
  readonly audience: "callers" | "operators";
}
