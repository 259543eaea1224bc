import { create, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import grpc from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/service/google/rpc/status_pb.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { type Dispatcher, type IncomingCall, type Peer, RpcStatusError } from "./call.ts";
import { encodeError } from "./encode-error.ts";
import { GrpcTrailers } from "./grpc-trailers.ts";
import { certificateNames } from "./tls.ts";

/** Encoded messages pass as they are. */
type ServerStream = grpc.ServerWritableStream<Buffer, Message | Uint8Array>;

type AnyServerCall = grpc.ServerUnaryCall<Buffer, Message> | ServerStream;

/** One reason for all: an abort without one costs a stack trace of its own. */
const GONE = new GatewayError(
  "cancelled",
  "the caller cancelled the call or its connection was lost",
);

/** What grpc-js takes as the end of a call that failed. */
interface Failure {
  readonly code: grpc.status;
  readonly details: string;
  readonly metadata: grpc.Metadata;
}

interface AdaptedCall {
  readonly incoming: IncomingCall;
  /** Headers set so far, for the first message. */
  readonly headers: grpc.Metadata;
  readonly trailers: GrpcTrailers;
  /** The end is ours: `cancelled` fires after it, too, and means nothing then. */
  ended: boolean;
}

function toFailure(error: unknown, trailers: GrpcTrailers): Failure {
  const status = error instanceof RpcStatusError ? error.status : encodeError(error);
  const packed = create(StatusSchema, {
    code: status.code,
    message: status.message,
    details: status.details.map(({ desc, value }) => anyPack(desc, value)),
  });
  trailers.setDetails(toBinary(StatusSchema, packed));
  for (const [name, value] of Object.entries(status.trailers)) trailers.set(name, value);
  return { code: status.code, details: status.message, metadata: trailers };
}

/**
 * A failure before the first message is one block with the status: headers sent apart would tell
 * clients that the call must not be retried.
 */
function toFirstFailure(error: unknown, { headers, trailers }: AdaptedCall): Failure {
  trailers.merge(headers);
  return toFailure(error, trailers);
}

/** The address of `address:port`, as grpc-js puts the two together. */
function peerAddress(peer: string): string {
  const colon = peer.lastIndexOf(":");
  return colon < 0 ? peer : peer.slice(0, colon);
}

/** Looked up only where it decides something. */
class GrpcPeer implements Peer {
  readonly #call: AnyServerCall;

  constructor(call: AnyServerCall) {
    this.#call = call;
  }

  get address(): string {
    return peerAddress(this.#call.getPeer());
  }

  get certificateNames(): readonly string[] {
    const { sslPeerCertificate } = this.#call.getAuthContext();
    return certificateNames(sslPeerCertificate?.subjectaltname);
  }
}

function remainingMs(call: AnyServerCall, clock: Clock): number | undefined {
  const deadline = call.getDeadline();
  const at = typeof deadline === "number" ? deadline : deadline.getTime();
  return Number.isFinite(at) ? at - clock.wallTime() : undefined;
}

function adapt(call: AnyServerCall, method: DescMethod, clock: Clock): AdaptedCall {
  const controller = new AbortController();
  const headers = new grpc.Metadata();
  const trailers = new GrpcTrailers();
  const adapted: AdaptedCall = {
    headers,
    trailers,
    ended: false,
    incoming: {
      method,
      system: "grpc",
      peer: new GrpcPeer(call),
      header(name) {
        const [value] = call.metadata.get(name);
        return typeof value === "string" ? value : undefined;
      },
      timeoutMs: remainingMs(call, clock),
      signal: controller.signal,
      setResponseHeader: (name, value) => headers.set(name, value),
      setTrailer: (name, value) => trailers.set(name, value),
    },
  };
  call.once("cancelled", () => {
    if (!adapted.ended) controller.abort(GONE);
  });
  return adapted;
}

/** Resolves when the reader takes more, or is gone: `drain` never fires after a cancel. */
function writable(call: ServerStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off("drain", done);
      call.off("close", done);
      call.off("cancelled", done);
      resolve();
    };
    call.on("drain", done);
    call.on("close", done);
    call.on("cancelled", done);
  });
}

export function handleUnary(
  method: DescMethod,
  dispatcher: Dispatcher,
  clock: Clock,
): grpc.handleUnaryCall<Buffer, Message> {
  async function serve(
    call: grpc.ServerUnaryCall<Buffer, Message>,
    reply: grpc.sendUnaryData<Message>,
  ): Promise<void> {
    const adapted = adapt(call, method, clock);
    try {
      const message = await dispatcher.unary(adapted.incoming, call.request);
      adapted.ended = true;
      call.sendMetadata(adapted.headers);
      reply(null, message, adapted.trailers);
    } catch (error) {
      adapted.ended = true;
      reply(toFirstFailure(error, adapted));
    }
  }
  return (call, reply) => void serve(call, reply);
}

export function handleServerStream(
  method: DescMethod,
  dispatcher: Dispatcher,
  clock: Clock,
): grpc.handleServerStreamingCall<Buffer, Message | Uint8Array> {
  async function serve(call: ServerStream): Promise<void> {
    const adapted = adapt(call, method, clock);
    const { signal } = adapted.incoming;
    let first = true;
    try {
      for await (const message of dispatcher.serverStream(adapted.incoming, call.request)) {
        if (signal.aborted) break;
        if (first) call.sendMetadata(adapted.headers);
        first = false;
        if (!call.write(message)) await writable(call);
      }
      adapted.ended = true;
      if (first) call.sendMetadata(adapted.headers);
      call.end(adapted.trailers);
    } catch (error) {
      adapted.ended = true;
      // Nobody is there to hear it.
      if (signal.aborted) return;
      const failure = first ? toFirstFailure(error, adapted) : toFailure(error, adapted.trailers);
      call.emit("error", failure);
    }
  }
  return (call) => void serve(call);
}
