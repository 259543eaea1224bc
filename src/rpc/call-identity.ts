import { type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { HandlerCall } from "../calls/handler-call.ts";
import { requestIdOf as keyOf } from "../calls/request-id.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { CallIdentity } from "../ports/gateway.ts";
import { fingerprintOfMessage } from "./fingerprint.ts";

type Repeatable =
  | typeof GenerationService.method.generate
  | typeof GenerationService.method.streamGenerate;

function requestIdOf(call: HandlerCall, field: string): string {
  const header = headerRequestId(call, field);
  if (field !== "" && header !== "" && header !== field) {
    throw invalidField("request_id", "is not what the header idempotency-key says");
  }
  return field === "" ? header : field;
}

/** A field of the request is checked with the request. */
function headerRequestId(call: HandlerCall, field: string): string {
  return field === "" ? keyOf(call) : (call.header("idempotency-key") ?? "");
}

export function callIdentityOf<Method extends Repeatable>(
  call: HandlerCall,
  method: Method,
  request: MessageShape<Method["input"]>,
): CallIdentity {
  const requestId = requestIdOf(call, request.requestId);
  return {
    caller: call.caller.id,
    requestId,
    fingerprint: requestId === "" ? "" : fingerprintOfMessage(method, request.spec),
    request: () => toBinary(method.input, request),
  };
}
