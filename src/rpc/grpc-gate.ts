// Examines gRPC calls before grpc-js: no request is read until its caller is known.
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
import { Code } from "../domain/error-table.ts";
import type { Arrival, Dispatcher, RpcStatus, UnservedCall } from "./call.ts";
import { RpcStatusError } from "./call.ts";
import { dropLongDeadline, malformedTimeout } from "./deadline.ts";
import { encodeError } from "./encode-error.ts";
import type { FloodGuard } from "./flood-guard.ts";
import { callInternals } from "./grpc-internals.ts";
import { OpenStreams } from "./open-streams.ts";
import { operationOf } from "./operation-of.ts";
import { peerOf } from "./peer.ts";
import { refuseStream } from "./refuse-stream.ts";

/** A call that has passed the gate. */
export interface GatedCall {
  /** As in `CallHead`. */
  readonly header: (name: string) => string | undefined;
  readonly arrival: Arrival;
}

export interface GrpcGateOptions {
  readonly dispatcher: Dispatcher;
  /** Paths of the methods without credentials. */
  readonly open: ReadonlySet<string>;
  readonly floods: FloodGuard;
}

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** grpc-js would treat other codecs and verbs as these. */
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

const gated = new WeakMap<ServerHttp2Stream, GatedCall>();

/** The gate's findings about a call that grpc-js serves. Throws for a call that has not passed the gate. */
export function gatedCallOf(call: object): GatedCall {
  const found = gated.get(callInternals(call).stream);
  if (found === undefined) throw new Error("the call has not passed the gate");
  return found;
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
  gated.delete(this);
  this.removeAllListeners();
  this.on("error", ignore);
}

function unimplemented(path: string): RpcStatus {
  const message = `the service has no method ${path.slice(0, 200)}`;
  return { code: Code.UNIMPLEMENTED, message, details: [], trailers: {} };
}

/** A client that keeps sending a request after its answer would keep its stream and the unread bytes alive. */
function endWithAnswer(stream: ServerHttp2Stream): void {
  const look = (): void => {
    const isAnswered = (stream.sentTrailers ?? stream.sentHeaders)?.["grpc-status"] !== undefined;
    if (!isAnswered || !stream.writableFinished || stream.readableEnded) return;
    stream.close(constants.NGHTTP2_NO_ERROR);
  };
  stream.once("finish", look);
  stream.once("wantTrailers", () => {
    // grpc-js sends the trailers on the same event. A reset would overtake them.
    if (!stream.readableEnded) stream.session?.ping(look);
  });
}

/**
 * Counts received bytes, and ends the call if its request is cut. Call it after grpc-js has attached its listeners.
 */
function watch(stream: ServerHttp2Stream, arrival: Arrival): void {
  stream.on("data", (bytes: Buffer) => arrival.receive(bytes.length));
  const end = (): void => arrival.end();
  stream.once("end", end);
  stream.once("close", () => {
    arrival.end();
    arrival.drop();
  });
  endWithAnswer(stream);
  arrival.whenCut(({ status }) => refuseStream(stream, status));
}

/** Replaces grpc-js's own listener for streams, which then gets the admitted streams. */
export function gateStreams(
  server: Http2Server | Http2SecureServer,
  { dispatcher, open, floods }: GrpcGateOptions,
): void {
  const methods = new Map<string, DescMethod>(
    dispatcher.services.flatMap((service) =>
      service.methods.map((method) => [`/${service.typeName}/${method.name}`, method] as const),
    ),
  );
  const own = server.listeners("stream") as StreamListener[];
  const openStreams = new OpenStreams();

  function pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, arrival: Arrival): void {
    if (stream.destroyed) return arrival.end();
    gated.set(stream, { header: (name) => headerOf(headers, name), arrival });
    for (const listener of own) listener.call(server, stream, headers);
    watch(stream, arrival);
  }

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
    const method = methods.get(path);
    const header = (name: string): string | undefined => headerOf(headers, name);
    const tell = (cause: UnservedCall["cause"]): void =>
      dispatcher.unserved({ system: "grpc", method, header, cause });
    if (!isGrpc(headers)) {
      tell("content-type");
      stream.respond({ ":status": UNSUPPORTED_MEDIA_TYPE }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
      return floods.unknown(session, headers);
    }
    if (method === undefined && !open.has(path)) {
      tell("method-unknown");
      return refuse(unimplemented(path));
    }
    // For calls without credentials, the deadline is checked only here.
    const malformed =
      method === undefined ? malformedTimeout({ system: "grpc", header }) : undefined;
    if (malformed !== undefined) {
      tell("timeout");
      return refuse(encodeError(malformed));
    }
    dropLongDeadline(headers);
    try {
      if (method === undefined) floods.unknown(session, headers);
      const arrival =
        method === undefined
          ? await expect(stream, session)
          : await dispatcher.admit(new GrpcHead(method, peerOf(session), headers), session);
      pass(stream, headers, arrival);
    } catch (error) {
      const { status } = error instanceof RpcStatusError ? error : { status: encodeError(error) };
      refuse(status);
    }
  }

  server.removeAllListeners("stream");
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    void admit(stream, headers);
  });
}
