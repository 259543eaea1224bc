import type grpc from "@grpc/grpc-js";
import { interceptedInternals } from "./grpc-internals.ts";

/**
 * grpc-js ends a call at its deadline, reports this only when the end is sent, and accepts messages until then.
 * Such a message would be written after the end of the stream, and the end would never arrive.
 */
export const endOnce: grpc.ServerInterceptor = (_method, call) => {
  const internals = interceptedInternals(call);
  const send = internals.sendMessage;
  const sendUntilEnd: typeof send = (message, callback) => {
    if (internals.wantTrailers) callback();
    else send.call(internals, message, callback);
  };
  internals.sendMessage = sendUntilEnd;
  return call as unknown as grpc.ServerInterceptingCall;
};
