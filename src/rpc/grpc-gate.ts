// Examines gRPC calls: no request is read until its caller is known.
import {
  constants,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import type { CallHead, Peer } from "../calls/call.ts";
import type { Operation } from "../calls/operation.ts";
import type { Clock } from "../clock.ts";
import { Code } from "../domain/error-table.ts";
import type { Arrival, Dispatcher, RpcStatus, UnservedCall } from "./call.ts";
import { RpcStatusError } from "./call.ts";
import { dropLongDeadline, malformedTimeout } from "./deadline.ts";
import { encodeError } from "./encode-error.ts";
import type { FloodGuard } from "./flood-guard.ts";
import { GrpcCall } from "./grpc-call.ts";
import type { GrpcMethod } from "./grpc-methods.ts";
import { OpenStreams } from "./open-streams.ts";
import { operationOf } from "./operation-of.ts";
import { peerOf } from "./peer.ts";
import { refuseStream } from "./refuse-stream.ts";

export interface GrpcGateOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** By path. */
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  readonly floods: FloodGuard;
}

/** Messages are protobuf. */
const CONTENT_TYPE = /^application\/grpc(\+proto)?(;|$)/;

const UNSUPPORTED_MEDIA_TYPE = 415;

function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers[":method"] === "POST" && CONTENT_TYPE.test(headers["content-type"] ?? "");
}

/** The headers of a gRPC call, for the dispatcher. */
class GrpcHead implements CallHead {
  readonly operation: Operation;
  readonly system = "grpc";
  readonly peer: Peer;
  readonly #headers: IncomingHttpHeaders;

  constructor(method: DescMethod, peer: Peer, headers: IncomingHttpHeaders) {
    this.operation = operationOf(method);
    this.peer = peer;
    this.#headers = headers;
  }

  get hosts(): readonly string[] {
    const { ":authority": authority, host } = this.#headers;
    return [authority, host].filter((each) => each !== undefined);
  }

  readonly header = (name: string): string | undefined => headerOf(this.#headers, name);

  readonly headerNames = (): Iterable<string> => Object.keys(this.#headers);
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/**
 * A module-level function, because the memory of a stream outlives the call, and a closure would keep the call's
 * data alive.
 */
function ignore(): void {}

/**
 * Lets go of everything that a closed stream leads to. Node creates a function for each stream that V8 places among
 * its old objects, where it keeps the stream until a full collection; without this, the whole call would be kept too.
 */
function forget(this: ServerHttp2Stream): void {
  this.removeAllListeners();
  this.on("error", ignore);
}

function unimplemented(path: string): RpcStatus {
  const message = `the service has no method ${path.slice(0, 200)}`;
  return { code: Code.UNIMPLEMENTED, message, details: [], trailers: {} };
}

/** Runs an admitted call to its end. */
async function run(
  stream: ServerHttp2Stream,
  call: GrpcCall,
  serve: (call: GrpcCall) => Promise<void>,
): Promise<void> {
  try {
    await serve(call).catch((error: unknown) => call.fail(error));
  } catch {
    // An answer that cannot be written has no reader. The call is over and has its log line.
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** Serves the streams of a server. */
export function gateStreams(
  server: Http2Server | Http2SecureServer,
  { dispatcher, clock, methods, floods }: GrpcGateOptions,
): void {
  const openStreams = new OpenStreams();

  /** Admits a stream of a service without credentials. */
  function expect(stream: ServerHttp2Stream, session: Http2Session): Promise<Arrival> {
    stream.once("close", openStreams.enter(session));
    return dispatcher.expect(session);
  }

  async function admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const { session } = stream;
    // The client has already left.
    if (session === undefined || session.destroyed || stream.destroyed || stream.closed) return;
    stream.on("error", ignore);
    stream.once("close", forget);
    const refuse = (status: RpcStatus): void => {
      refuseStream(stream, status);
      floods.refused(session, status, headers);
    };
    const path = headers[":path"] ?? "";
    const served = methods.get(path);
    const method = served?.kind === "contract" ? served.method : undefined;
    const header = (name: string): string | undefined => headerOf(headers, name);
    const tell = (cause: UnservedCall["cause"]): void =>
      dispatcher.unserved({ system: "grpc", method, header, cause });
    if (!isGrpc(headers)) {
      tell("content-type");
      stream.respond({ ":status": UNSUPPORTED_MEDIA_TYPE }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
      return floods.unknown(session, headers);
    }
    if (served === undefined) {
      tell("method-unknown");
      return refuse(unimplemented(path));
    }
    // For calls without credentials, the deadline is checked only here.
    const malformed = served.kind === "open" && malformedTimeout({ system: "grpc", header });
    if (malformed) {
      tell("timeout");
      return refuse(encodeError(malformed));
    }
    dropLongDeadline(headers);
    try {
      if (served.kind === "open") {
        floods.unknown(session, headers);
        pass(stream, header, await expect(stream, session), served.serve);
      } else {
        const head = new GrpcHead(served.method, peerOf(session), headers);
        const arrival = await dispatcher.admit(head, session);
        pass(stream, header, arrival, (call) => served.serve(call, head));
      }
    } catch (error) {
      const { status } = error instanceof RpcStatusError ? error : { status: encodeError(error) };
      refuse(status);
    }
  }

  function pass(
    stream: ServerHttp2Stream,
    header: CallHead["header"],
    arrival: Arrival,
    serve: (call: GrpcCall) => Promise<void>,
  ): void {
    if (stream.destroyed) return arrival.end();
    void run(stream, new GrpcCall({ stream, header, arrival, clock }), serve);
  }

  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    void admit(stream, headers);
  });
}
