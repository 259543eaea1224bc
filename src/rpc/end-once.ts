import type grpc from "@grpc/grpc-js";
import { interceptedInternals } from "./grpc-internals.ts";

/**
 * grpc-js ends a call at its deadline, tells nobody until the end has gone out, and takes messages all the
 * while. One that it took then would be written behind the end of the stream, which would never come.
 */
export const endOnce: grpc.ServerInterceptor = (_method, call) => {
  const internals = interceptedInternals(call);
  const send = internals.sendMessage;
  internals.sendMessage = (message, callback) => {
    if (internals.wantTrailers) callback();
    else send.call(internals, message, callback);
  };
  return call as unknown as grpc.ServerInterceptingCall;
};
