// Error texts of safety systems that have judged the caller's content.
import type { ErrorEvidence } from "./error-body.ts";

const FILTER_TEXTS: readonly RegExp[] = [
  /\b(?:prompt|inputs?|content|messages?|image|text|request)\b[^.]{0,60}\bflagged\b/,
  /\brequires moderation\b/,
  /\bcontent[ _](?:policy|policies|filter\w*|moderation|management policy)\b/,
  /\bsafety (?:system|filters?|policy|policies|guidelines|reasons)\b/,
  /\b(?:blocked|flagged|rejected|refused) (?:by|due to) (?:the |our |a )?(?:moderation|safety|guardrails?|prohibited)\b/,
  /\bguardrails? (?:has |have )?(?:intervened|blocked)\b/,
  /\bviolat\w+ [^.]{0,40}\b(?:usage|content|safety|acceptable use|responsible ai) (?:policy|policies|guidelines)\b/,
  /\bviolat\w+ (?:the |our )?(?:policy|policies|guidelines|terms)\b/,
  /\b(?:inappropriate|prohibited|disallowed|harmful|unsafe|sensitive) content\b/,
  /\bprompt (?:was |is |has been )?blocked\b/,
  /\bcontent exists risk\b/,
  /\bconsidered high risk\b/,
];

const FILTER_TEXT = new RegExp(FILTER_TEXTS.map(({ source }) => source).join("|"), "i");

/** The text says that a field of the request is wrong, whatever its name. */
const WRONG_FIELD_TEXT =
  /\b(?:unknown|unsupported|unrecognized|unexpected|invalid|extra)\b.{0,30}\b(?:field|parameter|argument|option|property|key)\b/i;

/** A safety system has judged the gateway's account, so another prompt would not help. */
const ACCOUNT_TEXT =
  /\b(?:account|organi[sz]ation|project|api[ _-]?key)\b[^.]{0,60}\b(?:flagged|suspended|disabled|banned|blocked|deactivated|violat\w+|access)/i;

/** Whether a safety system has judged the caller's content, by the text alone. */
export function isFiltered({ message }: Pick<ErrorEvidence, "message">): boolean {
  if (ACCOUNT_TEXT.test(message) || WRONG_FIELD_TEXT.test(message)) return false;
  return FILTER_TEXT.test(message);
}
