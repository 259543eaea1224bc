import type { GatewayError as GatewayErrorMessage } from "../../gen/service/steer/v1/error_pb.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { ToldFailure } from "../domain/told-failure.ts";
import { decodeGatewayError } from "./decode-error.ts";

/** Thrown after the `error` event of a stream: the call ends with the same error as its status. */
export class StreamFailed extends ToldFailure {
  override readonly name = "StreamFailed";
  /** The error of the event. */
  readonly detail: GatewayErrorMessage;
  readonly error: GatewayError;

  constructor(detail: GatewayErrorMessage) {
    super(detail.message);
    this.detail = detail;
    this.error = decodeGatewayError(detail);
  }
}
