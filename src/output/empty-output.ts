// An answer that ends well and holds nothing.
import { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Warning } from "../domain/warning.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/**
 * Whether the request makes an answer without anything a legitimate one: the answer
 * may end at once (a stop sequence, one token), or the model may find that all is said
 * (after a tool's result, which Anthropic documents, and after the assistant's own words).
 */
function allowsNothing({ sampling, messages }: GenerationSpec): boolean {
  const { stopSequences = [], maxOutputTokens } = sampling;
  if (stopSequences.length > 0 || maxOutputTokens === 1) return true;
  const last = messages.at(-1);
  return (
    last?.role === "assistant" || last?.parts.some(({ type }) => type === "tool-result") === true
  );
}

const EMPTY_MESSAGE = "the provider's answer is empty";

/** Attempts around an empty answer. */
export interface AroundEmpty {
  /** Another target could still take the call. */
  readonly hasNext: boolean;
  /** Those of the call so far. */
  readonly attempts: () => readonly Attempt[];
}

/**
 * Throws TRUNCATED where the provider says that the model has stopped by itself and
 * nothing was said. Any other end of an empty answer (a limit, a filter, a pause)
 * explains it. An answer that is empty once more, with nobody left to ask, is what the
 * model has to say: it is a success with a warning.
 */
export function refuseEmptyOutput({ finish, target }: AttemptRecord, around: AroundEmpty): void {
  if (finish?.isEmpty !== true || finish.reason !== "stop") return;
  if (allowsNothing(target.spec)) return;
  const isAsked = around.attempts().some(({ errorMessage }) => errorMessage === EMPTY_MESSAGE);
  const isLast = isAsked || target.spec.retry.maxAttempts === 1;
  if (isLast && !around.hasNext) return;
  throw new GatewayError("truncated", EMPTY_MESSAGE);
}

/** What a caller is told of a success that holds nothing; undefined: it holds something. */
export function emptyOutputWarning({ finish }: AttemptRecord): Warning | undefined {
  if (finish?.isEmpty !== true) return undefined;
  const message = `the provider's answer is empty, and ended with ${finish.rawReason}`;
  return { reason: "OUTPUT_EMPTY", message, field: "" };
}
