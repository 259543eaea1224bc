import type grpc from "@grpc/grpc-js";

/** What grpc-js keeps to itself of a call. */
interface CallInternals {
  /** Its status is on the way: the stream takes no message any more. */
  readonly wantTrailers: boolean;
  sendMessage(message: unknown, callback: () => void): void;
}

/**
 * grpc-js ends a call at its deadline, tells nobody until the end has gone out, and takes messages all the
 * while. One that it took then would be written behind the end of the stream, which would never come.
 */
export const endOnce: grpc.ServerInterceptor = (_method, call) => {
  const internals = call as unknown as CallInternals;
  const send = internals.sendMessage;
  internals.sendMessage = (message, callback) => {
    if (internals.wantTrailers) callback();
    else send.call(internals, message, callback);
  };
  return call as unknown as grpc.ServerInterceptingCall;
};
