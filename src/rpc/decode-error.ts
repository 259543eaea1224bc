import {
  type Attempt,
  AttemptOutcome,
  ErrorCategory,
  type GatewayError as GatewayErrorMessage,
} from "../../gen/service/steer/v1/error_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { decodeDuration, decodeProviderFailure, decodeReason } from "./decode-generation.ts";
import { kindOf } from "./error-category.ts";

/** Connection failures: their code is the operating system's, not the provider's. */
const WITHOUT_ANSWER: readonly ErrorCategory[] = [
  ErrorCategory.NETWORK,
  ErrorCategory.CONNECT_TIMEOUT,
];

/** The attempt whose failure is the error; undefined if the error has another cause. */
function failedAttempt({ attempts, category }: GatewayErrorMessage): Attempt | undefined {
  const last = attempts.findLast(({ outcome }) => outcome !== AttemptOutcome.SKIPPED);
  return last?.errorCategory === category ? last : undefined;
}

/** Facts about the provider's answer for a status. */
function providerMetadata(attempt: Attempt): Record<string, string> {
  if (WITHOUT_ANSWER.includes(attempt.errorCategory)) return {};
  const { providerHttpStatus: status, providerErrorCode: code } = attempt;
  return {
    ...(status > 0 && { http_status: String(status) }),
    ...(code !== "" && { provider_code: code }),
  };
}

/**
 * The error of an `error` event, as far as the event has it. Violations are missing. Of the metadata and the
 * provider's failure, only the HTTP status, the code and the request's identifier are there. The message has at
 * most its first 300 UTF-16 units.
 */
export function decodeGatewayError(detail: GatewayErrorMessage): GatewayError {
  const kind = kindOf(detail.category) ?? "unknown";
  const reason = decodeReason(kind, detail.reason);
  const attempt = failedAttempt(detail);
  const providerFailure = attempt && decodeProviderFailure(attempt);
  return new GatewayError(kind, detail.message, {
    ...(reason !== undefined && { reason }),
    ...(attempt !== undefined && { metadata: providerMetadata(attempt) }),
    ...(providerFailure !== undefined && { providerFailure }),
    ...(detail.retryDelay !== undefined && { retryAfterMs: decodeDuration(detail.retryDelay) }),
  });
}
