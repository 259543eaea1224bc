import http, { type ServerResponse } from "node:http";
import http2, { type Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { createRegistry, type DescMethod } from "@bufbuild/protobuf";
import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { Clock } from "../clock.ts";
import type { TlsMaterial } from "../domain/tls-material.ts";
import { applyCors } from "./apply-cors.ts";
import type { Dispatcher, UnservedCall } from "./call.ts";
import { ConnectCalls } from "./connect/connect-calls.ts";
import { dropLongDeadline } from "./deadline.ts";
import { deferAccept } from "./defer-accept.ts";
import { FloodGuard } from "./flood-guard.ts";
import { endWithAnswer, type HttpRequest } from "./http-call.ts";
import type { HttpResponse } from "./http-writes.ts";
import { Http2Sessions } from "./http2-sessions.ts";
import { keepAlive } from "./keep-alive.ts";
import { createLibraryCalls } from "./library-calls.ts";
import { Lingering } from "./linger.ts";
import {
  emptied,
  expectPreface,
  GREETING_TIMEOUT_MS,
  type Listen,
  type ListenAddress,
  listen,
  RESET_LIMITS,
} from "./listen.ts";
import type { Listener } from "./listener.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { maxRequestBytes } from "./requests/request-limits.ts";

const MAX_CONNECTIONS = 20_000;
const MAX_STREAMS_PER_CONNECTION = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;
/**
 * How often Node looks for connections over their time limit, in milliseconds. The default of 30 s would be added
 * to each limit.
 */
const CHECK_INTERVAL_MS = 2_000;
/** Limit for receiving a whole request, in milliseconds. The answer is not included. */
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;

const HTTP1_OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: GREETING_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_INTERVAL_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  noDelay: true,
} as const;

/** Not allowed as GET: a prompt in the URL would be in the log of every proxy. */
const GET_REFUSED = `/${GenerationService.typeName}/${GenerationService.method.countTokens.name}`;

export interface HttpListenerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsMaterial | undefined;
  readonly corsOrigins: readonly string[];
  /** Largest inflated request, in bytes. */
  readonly requestBytes: number;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Why calls run without the stream store; undefined: the store is available. */
  readonly storeTrouble: () => string | undefined;
  /** Answers requests for other APIs and for pages; false: the path is none of theirs. */
  readonly serveOthers?: (request: HttpRequest, response: ServerResponse) => boolean;
  /** Default: listens on the address. */
  readonly listen?: Listen | undefined;
}

function writeJson(response: HttpResponse, status: number, body: object): void {
  // Both kinds of response have these members, with different types.
  const any = response as ServerResponse;
  any.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  any.end(JSON.stringify(body));
}

type AnyServer = http.Server | http2.Http2SecureServer;

function createServer(
  handle: (request: HttpRequest, response: HttpResponse) => void,
  tls: TlsMaterial | undefined,
): AnyServer {
  if (tls === undefined) {
    return http.createServer(HTTP1_OPTIONS, handle);
  }
  const { cert, key, clientCa } = tls;
  return http2.createSecureServer(
    {
      ...RESET_LIMITS,
      ...HTTP1_OPTIONS,
      allowHTTP1: true,
      handshakeTimeout: GREETING_TIMEOUT_MS,
      cert,
      key,
      settings: {
        maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION,
        maxHeaderListSize: MAX_HEADER_BYTES,
      },
      ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    },
    handle,
  );
}

/** Connect, gRPC-Web and JSON over HTTP/1.1, and HTTP/2 under TLS; `/livez` and `/readyz`. */
export async function createHttpListener(options: HttpListenerOptions): Promise<Listener> {
  const origins = new Set(options.corsOrigins);
  let serving = true;
  let inUse = options.tls;
  // Messages can contain others of their file as `Any`, for example those of the conformance suite.
  const registry = createRegistry(...options.dispatcher.services.map(({ file }) => file));
  const floods = new FloodGuard(options.clock);
  const maxBytes = (method: DescMethod): number => maxRequestBytes(method, options.requestBytes);
  const ofCalls = { dispatcher: options.dispatcher, floods, registry, maxRequestBytes: maxBytes };
  const calls = new ConnectCalls({ ...ofCalls, clock: options.clock });
  const serveByLibrary = createLibraryCalls({ ...ofCalls, onUnserved: tell });

  /** Writes the line of a request for which no handler is called. */
  function tell(
    { headers }: HttpRequest,
    method: DescMethod | undefined,
    cause: UnservedCall["cause"],
  ): void {
    const header = (name: string): string | undefined => [headers[name]].flat()[0];
    options.dispatcher.unserved({ system: "connectrpc", method, header, cause });
  }

  /** HTTP/1.1 answers that are not yet written. */
  const answers = new Set<http.ServerResponse>();
  const lingering = new Lingering(options.clock);

  function handle(request: HttpRequest, response: HttpResponse): void {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (response instanceof http.ServerResponse) {
      const { req } = response;
      if (lingering.has(req.socket)) return void req.socket.destroy();
      lingering.watch(req);
      if (!serving) response.setHeader("connection", "close");
      answers.add(response);
      response.once("close", () => answers.delete(response));
    } else {
      endWithAnswer(response);
    }
    dropLongDeadline(request.headers);
    if (path === "/livez") return writeJson(response, 200, { status: "OK" });
    if (path === "/readyz") {
      const store = options.storeTrouble();
      if (!serving) return writeJson(response, 503, { status: "DRAINING" });
      const degraded = { status: "DEGRADED", store };
      return writeJson(response, 200, store === undefined ? { status: "OK" } : degraded);
    }
    if (applyCors(request, response, origins)) return;
    if (calls.handle(request, response, path)) return;
    // Both kinds of response have the members that doors and pages use; only their types differ.
    if (options.serveOthers?.(request, response as ServerResponse)) return;
    if (request.method === "GET" && path === GET_REFUSED) {
      tell(request, GenerationService.method.countTokens, "http-method");
      return writeJson(response, 405, { code: "unimplemented", message: "send a POST" });
    }
    try {
      serveByLibrary(request, response);
    } catch {
      // The library first makes a URL of the Host and the path, and throws if it cannot.
      const message = "the Host or the address of the request is malformed";
      tell(request, undefined, "address");
      writeJson(response, 400, { code: "invalid_argument", message });
    }
  }

  const server = createServer(handle, options.tls);
  const sessions = new Http2Sessions(options.clock, undefined);
  server.on("session", (session: Http2Session) => {
    expectPreface(session, options.clock);
    floods.watch(session);
    keepAlive(session, options.clock);
    sessions.add(session);
  });
  server.on("clientError", (error: Error, socket: Socket) => {
    const running = [...answers].filter(({ req }) => req.socket === socket);
    refuseMalformed(error, socket, running, lingering);
  });
  // Under TLS, Node's own server reads the first bytes.
  const front = options.tls === undefined ? deferAccept(server, options.clock) : server;
  const sockets = new Set<Socket>();
  front.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  front.maxConnections = MAX_CONNECTIONS;
  const begin = options.listen ?? listen;
  const { address, stop } = await begin(front, options.address, "the HTTP listener");

  return {
    address,
    setServing(value) {
      serving = value;
      if (value) return;
      // Running calls end their connection too, so that no client sends another call into a closing connection.
      for (const answer of answers)
        if (!answer.headersSent) answer.setHeader("connection", "close");
    },
    get tls() {
      return inUse;
    },
    setTls(tls) {
      inUse = tls;
      const { cert, key, clientCa } = tls;
      if ("setSecureContext" in server) server.setSecureContext({ cert, key, ca: clientCa });
    },
    get connections() {
      return sockets.size;
    },
    sayGoaway: () => sessions.sayGoaway(),
    stopListening: stop,
    async close() {
      stop();
      await emptied(sockets, options.clock);
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
