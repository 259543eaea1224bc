import http, { type IncomingMessage, type ServerResponse } from "node:http";
import http2, {
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { createRegistry, type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  cors,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { Clock } from "../clock.ts";
import { type Dispatcher, type IncomingCall, type Peer, RpcStatusError } from "./call.ts";
import { encodeError } from "./encode-error.ts";
import {
  emptied,
  expectPreface,
  GREETING_TIMEOUT_MS,
  type ListenAddress,
  listen,
  RESET_LIMITS,
} from "./listen.ts";
import { certificateNames, readTls, type TlsFiles } from "./tls.ts";

const MAX_REQUEST_BYTES = 32 * 1024 * 1024;
const MIN_COMPRESS_BYTES = 1024;
const MAX_CONNECTIONS = 20_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** How often Node looks for connections over their time; its default of 30 s would add to each. */
const CHECK_INTERVAL_MS = 2_000;
/** For the whole request, not for its answer. */
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const CORS_MAX_AGE_SECONDS = 7_200;

const HTTP1_OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: GREETING_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_INTERVAL_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  noDelay: true,
} as const;

const REQUEST_HEADERS = [
  "authorization",
  "idempotency-key",
  "traceparent",
  "tracestate",
  "x-request-id",
];
const RESPONSE_HEADERS = [
  "x-steer-stream-id",
  "x-steer-generation-id",
  "x-steer-replica",
  "x-steer-replayed",
  "x-steer-attempts",
  "x-request-id",
  "retry-after",
  "grpc-retry-pushback-ms",
];

/** A prompt in an address would stand in the log of every proxy. */
const GET_REFUSED = `/${GenerationService.typeName}/${GenerationService.method.countTokens.name}`;

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

export interface HttpListenerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsFiles | undefined;
  readonly corsOrigins: readonly string[];
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Calls are served without the stream store, which is away. */
  readonly isDegraded: () => boolean;
}

export interface HttpListener {
  readonly address: ListenAddress;
  setServing(serving: boolean): void;
  /** Takes no new connection and closes idle ones; running calls go on. */
  closeGracefully(): void;
  /** Sends what is on its way, then cuts what is left. */
  close(): Promise<void>;
}

const peerKey = createContextKey<Peer>({ address: "", certificateNames: [] });

function peerOf(request: Request): Peer {
  const { socket } = request;
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  return {
    address: socket.remoteAddress ?? "",
    certificateNames: certificateNames(certificate?.subjectaltname),
  };
}

function adapt(method: DescMethod, context: HandlerContext): IncomingCall {
  return {
    method,
    system: "connectrpc",
    peer: context.values.get(peerKey),
    header: (name) => context.requestHeader.get(name) ?? undefined,
    timeoutMs: context.timeoutMs(),
    signal: context.signal,
    setResponseHeader: (name, value) => context.responseHeader.set(name, value),
    setTrailer: (name, value) => context.responseTrailer.set(name, value),
  };
}

function toConnectError(error: unknown): ConnectError {
  const status = error instanceof RpcStatusError ? error.status : encodeError(error);
  return new ConnectError(status.message, status.code, status.trailers, [...status.details], error);
}

/**
 * The end of a call that delivers a stream. A deadline that has passed is the library's to tell: the
 * stream may go on, and a reader that is told of a cancel would not come back to it.
 */
function toStreamEnd(error: unknown, { signal }: HandlerContext): ConnectError {
  const end = toConnectError(error);
  const { reason } = signal;
  const isLate = reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
  return isLate && end.code === Code.Canceled ? reason : end;
}

/** Proxies hold back what they take for a page; this tells them not to. */
function forbidBuffering(headers: Headers): void {
  headers.set("cache-control", "no-cache, no-transform");
  headers.set("x-accel-buffering", "no");
}

function addRoutes(router: ConnectRouter, dispatcher: Dispatcher): void {
  async function unary(method: DescMethod, request: Message, context: HandlerContext) {
    try {
      return await dispatcher.unary(adapt(method, context), request);
    } catch (error) {
      throw toConnectError(error);
    }
  }
  async function* stream(method: DescMethod, request: Message, context: HandlerContext) {
    forbidBuffering(context.responseHeader);
    try {
      // Not `yield*`: that would hand a failed write on as if the handler had thrown it.
      for await (const message of dispatcher.serverStream(adapt(method, context), request)) {
        // The library takes no encoded messages.
        yield message instanceof Uint8Array ? fromBinary(method.output, message) : message;
      }
    } catch (error) {
      throw toStreamEnd(error, context);
    }
  }
  for (const service of dispatcher.services) {
    const implementation = service.methods.map((method) => {
      const serve = method.methodKind === "server_streaming" ? stream : unary;
      return [
        method.localName,
        (request: Message, context: HandlerContext) => serve(method, request, context),
      ];
    });
    router.service(service, Object.fromEntries(implementation));
  }
}

function writeJson(response: Response, status: number, body: object): void {
  // Both kinds of response have these members; only their types differ.
  const any = response as ServerResponse;
  any.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  any.end(JSON.stringify(body));
}

/** CORS for the configured origins; true when the request was a preflight and is answered. */
function applyCors(request: Request, response: Response, origins: ReadonlySet<string>): boolean {
  const { origin } = request.headers;
  const any = response as ServerResponse;
  if (typeof origin === "string" && (origins.has(origin) || origins.has("*"))) {
    any.setHeader("access-control-allow-origin", origin);
    any.setHeader("vary", "Origin");
    any.setHeader(
      "access-control-expose-headers",
      [...cors.exposedHeaders, ...RESPONSE_HEADERS].join(", "),
    );
    if (request.method === "OPTIONS") {
      any.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
      any.setHeader(
        "access-control-allow-headers",
        [...cors.allowedHeaders, ...REQUEST_HEADERS].join(", "),
      );
      any.setHeader("access-control-max-age", CORS_MAX_AGE_SECONDS);
    }
  }
  if (request.method !== "OPTIONS") return false;
  any.writeHead(204);
  any.end();
  return true;
}

type AnyServer = http.Server | http2.Http2SecureServer;

function createServer(
  handle: (request: Request, response: Response) => void,
  tls: TlsFiles | undefined,
): AnyServer {
  if (tls === undefined) {
    return http.createServer(HTTP1_OPTIONS, handle);
  }
  const { cert, key, clientCa } = readTls(tls);
  return http2.createSecureServer(
    {
      ...RESET_LIMITS,
      ...HTTP1_OPTIONS,
      allowHTTP1: true,
      handshakeTimeout: GREETING_TIMEOUT_MS,
      cert,
      key,
      settings: { maxHeaderListSize: MAX_HEADER_BYTES },
      ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    },
    handle,
  );
}

/** Connect, gRPC-Web and JSON over HTTP/1.1, and HTTP/2 under TLS; `/livez` and `/readyz`. */
export async function createHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const origins = new Set(options.corsOrigins);
  let serving = true;
  const rpc = connectNodeAdapter({
    routes: (router) => addRoutes(router, options.dispatcher),
    grpc: false,
    readMaxBytes: MAX_REQUEST_BYTES,
    // A misspelt field would be ignored, and nothing of a request is.
    jsonOptions: {
      ignoreUnknownFields: false,
      // Messages can carry others of their file as `Any`: the conformance suite's do.
      registry: createRegistry(...options.dispatcher.services.map(({ file }) => file)),
    },
    compressMinBytes: MIN_COMPRESS_BYTES,
    requestGate(context) {
      try {
        options.dispatcher.admit(adapt(context.method, context));
      } catch (error) {
        throw toConnectError(error);
      }
    },
    contextValues: (request) => createContextValues().set(peerKey, peerOf(request)),
  });

  function handle(request: Request, response: Response): void {
    const path = request.url?.split("?", 1)[0];
    if (path === "/livez") return writeJson(response, 200, { status: "OK" });
    if (path === "/readyz") {
      const able = options.isDegraded() ? "DEGRADED" : "OK";
      return writeJson(response, serving ? 200 : 503, { status: serving ? able : "DRAINING" });
    }
    if (applyCors(request, response, origins)) return;
    if (request.method === "GET" && path === GET_REFUSED) {
      return writeJson(response, 405, { code: "unimplemented", message: "send a POST" });
    }
    rpc(request, response);
  }

  const server = createServer(handle, options.tls);
  server.maxConnections = MAX_CONNECTIONS;
  server.on("session", (session: Http2Session) => expectPreface(session, options.clock));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const address = await listen(server, options.address, "the HTTP listener");

  return {
    address,
    setServing(value) {
      serving = value;
    },
    closeGracefully() {
      server.close();
      if (server instanceof http.Server) server.closeIdleConnections();
    },
    async close() {
      server.close();
      if (server instanceof http.Server) server.closeIdleConnections();
      await emptied(sockets, options.clock);
      for (const socket of sockets) socket.destroy();
    },
  };
}
