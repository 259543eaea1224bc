import { type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { HandlerCall } from "../calls/handler-call.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { CallIdentity } from "../ports/gateway.ts";
import { fingerprintOfMessage } from "./fingerprint.ts";

type Repeatable =
  | typeof GenerationService.method.generate
  | typeof GenerationService.method.streamGenerate;

const REQUEST_ID = /^[A-Za-z0-9._:-]{8,64}$/;

function requestIdOf(call: HandlerCall, field: string): string {
  const header = call.header("idempotency-key") ?? "";
  if (header === "" || header === field) return field;
  if (field !== "") {
    throw invalidField("request_id", "is not what the header idempotency-key says");
  }
  if (!REQUEST_ID.test(header)) {
    throw invalidField("idempotency-key", "must be 8 to 64 letters, digits, . _ : -");
  }
  return header;
}

export function identityOf<Method extends Repeatable>(
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
