import type { ServerHttp2Stream } from "node:http2";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import type { Clock } from "../clock.ts";
import { LEFT } from "../domain/push-iterable.ts";
import { type Dispatcher, type IncomingCall, RpcStatusError } from "./call.ts";
import { CALLER_GONE } from "./caller-gone.ts";
import { encodeError } from "./encode-error.ts";
import { envelope } from "./envelope.ts";
import { gatedCallOf } from "./grpc-gate.ts";
import { type CallInternals, callInternals, releaseCall } from "./grpc-internals.ts";
import type { GrpcRequest } from "./grpc-request.ts";
import { GrpcTrailers } from "./grpc-trailers.ts";
import { operationOf } from "./operation-of.ts";
import { packStatus } from "./pack-status.ts";
import { toBytes } from "./to-bytes.ts";

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

/** Resolves when the stream accepts more, or will send nothing more: `drain` never fires after its close. */
function writable(stream: ServerHttp2Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    stream.on("drain", done);
    stream.on("close", done);
  });
}

/**
 * Writes a message of a stream to its HTTP/2 stream. grpc-js would queue each message until the one before is written,
 * so that the messages of a burst would be written one by one.
 */
function sendMessage(
  { stream, wantTrailers }: CallInternals,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<void> | undefined {
  // A message behind the end of the stream would keep the end from arriving.
  if (wantTrailers || stream.destroyed || stream.closed) return undefined;
  return stream.write(envelope(0, message)) || signal.aborted
    ? undefined
    : writable(stream, signal);
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
        (response) => toBytes(method.output, response),
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
    const internals = callInternals(call);
    let first = true;
    try {
      await dispatcher.serverStream(adapted.incoming, call.request.take(call)).pushTo((message) => {
        if (adapted.gone) throw LEFT;
        if (first) call.sendMetadata(adapted.headers);
        first = false;
        const bytes = message instanceof Uint8Array ? message : toBytes(method.output, message);
        return sendMessage(internals, bytes, signal);
      });
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
