// Handling of a successful answer without content.
import { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Warning } from "../domain/warning.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/**
 * Whether an empty answer to the request is plausible: it may end at once (a stop sequence, one token), or the
 * model may have nothing to add (after a tool's result, as Anthropic documents, and after the assistant's own
 * words).
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

/** Facts about the call of an empty answer. */
export interface AroundEmpty {
  /** Another target can still be tried. */
  readonly hasNext: boolean;
  /** Attempts of the call so far. */
  readonly attempts: () => readonly Attempt[];
}

/**
 * Throws TRUNCATED if the provider reports a stop and the output is empty. Any other finish reason (a limit, a
 * filter, a pause) explains an empty answer. If the answer is empty again and no target is left, it is accepted as
 * a success with a warning.
 */
export function refuseEmptyOutput({ finish, target }: AttemptRecord, around: AroundEmpty): void {
  if (finish?.isEmpty !== true || finish.reason !== "stop") return;
  if (allowsNothing(target.spec)) return;
  const isAsked = around.attempts().some(({ errorMessage }) => errorMessage === EMPTY_MESSAGE);
  const isLast = isAsked || target.spec.retry.maxAttempts === 1;
  if (isLast && !around.hasNext) return;
  throw new GatewayError("truncated", EMPTY_MESSAGE);
}

/** The warning for a success without content; undefined if there is content. */
export function emptyOutputWarning({ finish }: AttemptRecord): Warning | undefined {
  if (finish?.isEmpty !== true) return undefined;
  const message = `the provider's answer is empty, and ended with ${finish.rawReason}`;
  return { reason: "OUTPUT_EMPTY", message, field: "" };
}
