import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  AttemptOutcome,
  ErrorCategory,
  type GatewayError as GatewayErrorMessage,
} from "../../gen/service/steer/v1/error_pb.ts";
import type { ErrorReason } from "../domain/error-reasons.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { ToldFailure } from "../domain/told-failure.ts";
import { kindOf } from "./error-category.ts";

/** Connection failures: their code is the operating system's, not the provider's. */
const WITHOUT_ANSWER: readonly ErrorCategory[] = [
  ErrorCategory.NETWORK,
  ErrorCategory.CONNECT_TIMEOUT,
];

/** Facts about the provider's answer for a status, as far as the event has them. */
function providerMetadata({ attempts, category }: GatewayErrorMessage): Record<string, string> {
  const last = attempts.findLast(({ outcome }) => outcome !== AttemptOutcome.SKIPPED);
  if (last?.errorCategory !== category || WITHOUT_ANSWER.includes(category)) return {};
  const { providerHttpStatus: status, providerErrorCode: code } = last;
  return {
    ...(status > 0 && { http_status: String(status) }),
    ...(code !== "" && { provider_code: code }),
  };
}

/** Thrown after the `error` event of a stream: the call ends with the same error as its status. */
export class StreamFailed extends ToldFailure {
  override readonly name = "StreamFailed";
  /** The error of the event. */
  readonly detail: GatewayErrorMessage;
  readonly error: GatewayError;

  constructor(detail: GatewayErrorMessage) {
    super(detail.message);
    this.detail = detail;
    const { retryDelay, reason } = detail;
    this.error = new GatewayError(kindOf(detail.category) ?? "unknown", detail.message, {
      // A newer version can have written an unknown reason, which is passed on.
      reason: reason as ErrorReason,
      metadata: providerMetadata(detail),
      ...(retryDelay !== undefined && { retryAfterMs: durationMs(retryDelay) }),
    });
  }
}
