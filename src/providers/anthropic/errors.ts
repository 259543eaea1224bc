import type { ErrorKind } from "../../domain/gateway-error.ts";
import type { ErrorEvidence } from "../shared/error-body.ts";
import type { ErrorRules } from "../shared/http-error.ts";
import { isTooLong } from "../shared/is-too-long.ts";

/**
 * The vendor's `details.error_code`, which is more specific than `type`. Unknown codes leave the decision to the
 * type.
 */
const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["enforced_spend_limit_reached", "quota"],
  ["contract_spend_limit_reached", "quota"],
  ["linked_organization_billing_unavailable", "quota"],
  ["linked_organization_spend_limit_reached", "quota"],
  ["user_profile_billing_not_authorized", "quota"],
  ["organization_on_hold", "quota"],
  ["compaction_unavailable", "provider-overloaded"],
  ["request_body_too_large_after_decoding", "context-length"],
]);

/** Limits without a code can only be recognised by their text. */
const SPEND_TEXT = /credit balance is too low|spend limit|usage limits/i;

export const errorRules: ErrorRules = {
  classify({ code = "", type, message, status }: ErrorEvidence) {
    const known = KIND_OF_CODE.get(code);
    if (known !== undefined) return known;
    if (code.startsWith("cmek_") && code.endsWith("_unavailable")) return "server-error";
    if (type === "conflict_error") return "server-error";
    if (type !== "invalid_request_error" && status !== 400) return undefined;
    if (isTooLong({ message })) return "context-length";
    return SPEND_TEXT.test(message) ? "quota" : undefined;
  },
  requestIdHeader: "request-id",
  resetHeaders: ["requests", "tokens", "input-tokens", "output-tokens"].map((limit) => ({
    remaining: `anthropic-ratelimit-${limit}-remaining`,
    reset: `anthropic-ratelimit-${limit}-reset`,
  })),
};
