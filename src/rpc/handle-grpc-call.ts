import { type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import type { Clock } from "../clock.ts";
import { type Dispatcher, type IncomingCall, RpcStatusError } from "./call.ts";
import { CALLER_GONE } from "./caller-gone.ts";
import { encodeError } from "./encode-error.ts";
import { gatedCallOf } from "./grpc-gate.ts";
import { releaseCall } from "./grpc-internals.ts";
import type { GrpcRequest } from "./grpc-request.ts";
import { GrpcTrailers } from "./grpc-trailers.ts";
import { operationOf } from "./operation-of.ts";
import { packStatus } from "./pack-status.ts";

/** Encoded messages are sent unchanged. */
type ServerStream = grpc.ServerWritableStream<GrpcRequest, Message | Uint8Array>;

type AnyServerCall = grpc.ServerUnaryCall<GrpcRequest, Uint8Array> | ServerStream;

/** The form in which grpc-js takes a failure. */
interface Failure {
  readonly code: grpc.status;
  readonly details: string;
  readonly metadata: grpc.Metadata;
}

interface AdaptedCall {
  readonly incoming: IncomingCall;
  /** Headers to send with the first message. */
  readonly headers: grpc.Metadata;
  readonly trailers: GrpcTrailers;
  /** The gateway has ended the call. A later `cancelled` event has no meaning. */
  ended: boolean;
  /** The caller has left, so nothing more is sent. */
  gone: boolean;
}

function toFailure(error: unknown, trailers: GrpcTrailers): Failure {
  const status = error instanceof RpcStatusError ? error.status : encodeError(error);
  trailers.setDetails(packStatus(status));
  for (const [name, value] of Object.entries(status.trailers)) trailers.set(name, value);
  return { code: status.code, details: status.message, metadata: trailers };
}

/**
 * Before the first message, headers are sent in one block with the status. Sent separately, they would tell clients
 * that the call must not be retried.
 */
function toFirstFailure(error: unknown, { headers, trailers }: AdaptedCall): Failure {
  trailers.merge(headers);
  return toFailure(error, trailers);
}

function remainingMs(call: AnyServerCall, clock: Clock): number | undefined {
  const deadline = call.getDeadline();
  const at = typeof deadline === "number" ? deadline : deadline.getTime();
  return Number.isFinite(at) ? at - clock.wallTime() : undefined;
}

function adapt(call: AnyServerCall, method: DescMethod, clock: Clock): AdaptedCall {
  const { header, arrival } = gatedCallOf(call);
  const controller = new AbortController();
  const headers = new grpc.Metadata();
  const trailers = new GrpcTrailers();
  const adapted: AdaptedCall = {
    headers,
    trailers,
    ended: false,
    gone: false,
    incoming: {
      method,
      operation: operationOf(method),
      system: "grpc",
      header,
      caller: arrival.caller,
      arrival,
      timeoutMs: remainingMs(call, clock),
      signal: controller.signal,
      abort: (error) => controller.abort(error),
      setResponseHeader: (name, value) => headers.set(name, value),
      setTrailer: (name, value) => trailers.set(name, value),
    },
  };
  call.once("cancelled", () => {
    if (adapted.ended) return;
    adapted.gone = true;
    controller.abort(CALLER_GONE);
  });
  return adapted;
}

/** Resolves when the reader accepts more, is gone, or gets nothing more: `drain` never fires after a cancel. */
function writable(call: ServerStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      call.off("drain", done);
      call.off("close", done);
      call.off("cancelled", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    call.on("drain", done);
    call.on("close", done);
    call.on("cancelled", done);
  });
}

export function handleUnary(
  method: DescMethod,
  dispatcher: Dispatcher,
  clock: Clock,
): grpc.handleUnaryCall<GrpcRequest, Uint8Array> {
  async function serve(
    call: grpc.ServerUnaryCall<GrpcRequest, Uint8Array>,
    reply: grpc.sendUnaryData<Uint8Array>,
  ): Promise<void> {
    const adapted = adapt(call, method, clock);
    try {
      const message = await dispatcher.unary(
        adapted.incoming,
        call.request.take(call),
        (response) => toBinary(method.output, response),
      );
      adapted.ended = true;
      call.sendMetadata(adapted.headers);
      reply(null, message, adapted.trailers);
    } catch (error) {
      adapted.ended = true;
      reply(toFirstFailure(error, adapted));
    }
    releaseCall(call);
  }
  return (call, reply) => void serve(call, reply);
}

function release(this: ServerStream): void {
  releaseCall(this);
}

export function handleServerStream(
  method: DescMethod,
  dispatcher: Dispatcher,
  clock: Clock,
): grpc.handleServerStreamingCall<GrpcRequest, Message | Uint8Array> {
  async function serve(call: ServerStream): Promise<void> {
    const adapted = adapt(call, method, clock);
    const { signal } = adapted.incoming;
    call.once("close", release);
    let first = true;
    try {
      const messages = dispatcher.serverStream(adapted.incoming, call.request.take(call));
      for await (const message of messages) {
        if (adapted.gone) return;
        if (first) call.sendMetadata(adapted.headers);
        first = false;
        if (!call.write(message) && !signal.aborted) await writable(call, signal);
      }
      if (adapted.gone) return;
      adapted.ended = true;
      if (first) call.sendMetadata(adapted.headers);
      call.end(adapted.trailers);
    } catch (error) {
      adapted.ended = true;
      // The caller has left, so nobody receives the status.
      if (adapted.gone) return;
      const failure = first ? toFirstFailure(error, adapted) : toFailure(error, adapted.trailers);
      call.emit("error", failure);
    }
  }
  return (call) => void serve(call);
}
