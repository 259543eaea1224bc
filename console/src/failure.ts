// Errors of calls, in words for operators.
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@steer-gateway/stubs/google/rpc/error_details_pb.js";

export interface Failure {
  readonly text: string;
  /** What the operator can try. */
  readonly advice: string;
  /** Stable cause in UPPER_SNAKE_CASE; "": none is known. */
  readonly reason: string;
  /** The key is needed, or is no operator's. */
  readonly isAccess: boolean;
}

const ADVICE: Partial<Record<Code, string>> = {
  [Code.Unavailable]: "The service cannot be reached or is busy. The page tries again by itself.",
  [Code.Unimplemented]: "This page is newer than the service, or older. Reload it.",
  [Code.ResourceExhausted]: "The service has reached a bound. Try again in a moment.",
  [Code.DeadlineExceeded]: "The answer took too long. Try again, or ask for less.",
  [Code.Unauthenticated]: "Log in with the key of an operator.",
  [Code.PermissionDenied]: "The key is not that of an operator. Log in with another one.",
};

/** Advice for causes that the code alone does not tell. */
const OF_REASON: Readonly<Record<string, string>> = {
  FAULTS_DISABLED: "On a test system, set faults.allow: true in the configuration.",
  CALLER_EXISTS: "Open that caller, or choose another identifier.",
  CONFIGURED_CALLER: "Change the configuration, and reload it.",
  STREAM_NOT_FOUND: "It was deleted, or never existed. Ended streams are kept for their retention.",
  STREAM_EXPIRED: "Its events are deleted. Streams are kept for their retention after the end.",
  LAST_OPERATOR: "Make another operator with a key without an end first.",
};

export function toFailure(thrown: unknown): Failure {
  const error = ConnectError.from(thrown);
  const [info] = error.findDetails(ErrorInfoSchema);
  const reason = info?.reason ?? "";
  const isAccess =
    error.code === Code.Unauthenticated ||
    // An operator may be kept from a model.
    (error.code === Code.PermissionDenied && reason !== "MODEL_NOT_ALLOWED");
  // A failed fetch has no code; its text differs by browser.
  const isNetwork = error.code === Code.Unknown && error.cause instanceof TypeError;
  if (isNetwork) {
    return {
      text: "No connection to the service.",
      advice: ADVICE[Code.Unavailable] ?? "",
      reason,
      isAccess,
    };
  }
  const advice = OF_REASON[reason] ?? ADVICE[error.code] ?? "";
  return { text: error.rawMessage, advice, reason, isAccess };
}
