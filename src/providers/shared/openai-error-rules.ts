import type { ErrorKind } from "../../domain/gateway-error.ts";
import type { ErrorRules } from "./http-error.ts";

/** Codes that only OpenAI uses. */
const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  // The prompt was flagged, although the status is that of a bad request.
  ["invalid_prompt", "content-filter"],
  ["bio_policy", "content-filter"],
  ["cyber_policy", "content-filter"],
  ["misalignment_policy_violation", "content-filter"],
  ["billing_hard_limit_reached", "quota"],
  ["billing_not_active", "quota"],
  ["data_residency_mismatch", "validation"],
]);

export const openAiErrorRules: ErrorRules = {
  classify: ({ code = "" }) =>
    KIND_OF_CODE.get(code) ?? (code.startsWith("image_") ? "validation" : undefined),
  requestIdHeader: "x-request-id",
  resetHeaders: [
    { remaining: "x-ratelimit-remaining-requests", reset: "x-ratelimit-reset-requests" },
    { remaining: "x-ratelimit-remaining-tokens", reset: "x-ratelimit-reset-tokens" },
  ],
};
