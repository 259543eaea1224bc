// Errors of calls, in words for operators.
import { Code, ConnectError } from "@connectrpc/connect";

export interface Failure {
  readonly text: string;
  /** What the operator can try. */
  readonly advice: string;
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

export function toFailure(thrown: unknown): Failure {
  const error = ConnectError.from(thrown);
  const isAccess = error.code === Code.Unauthenticated || error.code === Code.PermissionDenied;
  // A failed fetch has no code; its text differs by browser.
  const isNetwork = error.code === Code.Unknown && error.cause instanceof TypeError;
  if (isNetwork) {
    return {
      text: "No connection to the service.",
      advice: ADVICE[Code.Unavailable] ?? "",
      isAccess,
    };
  }
  return { text: error.rawMessage, advice: ADVICE[error.code] ?? "", isAccess };
}
