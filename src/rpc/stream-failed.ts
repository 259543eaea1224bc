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

/** Failures of a connection: their code is the system's, and not the provider's. */
const WITHOUT_ANSWER: readonly ErrorCategory[] = [
  ErrorCategory.NETWORK,
  ErrorCategory.CONNECT_TIMEOUT,
];

/** What a status tells of the provider's answer, as far as the event has kept it. */
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
  /** As it stands in the event. */
  readonly detail: GatewayErrorMessage;
  readonly error: GatewayError;

  constructor(detail: GatewayErrorMessage) {
    super(detail.message);
    this.detail = detail;
    const { retryDelay, reason } = detail;
    this.error = new GatewayError(kindOf(detail.category) ?? "unknown", detail.message, {
      // Another version can have written a reason that this one does not know: it is passed on.
      reason: reason as ErrorReason,
      metadata: providerMetadata(detail),
      ...(retryDelay !== undefined && { retryAfterMs: durationMs(retryDelay) }),
    });
  }
}
