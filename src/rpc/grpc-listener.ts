import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type ServerOptions,
} from "node:http2";
import type { ServerOpts as NetServerOpts, Socket } from "node:net";
import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import type { Clock } from "../clock.ts";
import type { TlsMaterial } from "../domain/tls-material.ts";
import type { Dispatcher } from "./call.ts";
import { CloseTurns } from "./close-turns.ts";
import { FloodGuard } from "./flood-guard.ts";
import { gateStreams } from "./grpc-gate.ts";
import { contractMethods } from "./grpc-methods.ts";
import { createHealthService } from "./health.ts";
import { type AgeLimit, Http2Sessions } from "./http2-sessions.ts";
import { keepAlive } from "./keep-alive.ts";
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
import { reflectionMethods } from "./reflection.ts";

const MAX_CONNECTIONS = 20_000;
const MAX_STREAMS_PER_CONNECTION = 1_000;
/** Most HTTP/2 state of one connection, in megabytes. */
const MAX_SESSION_MEMORY_MB = 256;
const MAX_HEADER_BYTES = 16 * 1024;

const HTTP2_OPTIONS = {
  ...RESET_LIMITS,
  maxSessionMemory: MAX_SESSION_MEMORY_MB,
  settings: {
    maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION,
    maxHeaderListSize: MAX_HEADER_BYTES,
  },
} as const;

export interface GrpcListenerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsMaterial | undefined;
  /** Largest inflated request, in bytes. */
  readonly requestBytes: number;
  readonly dispatcher: Dispatcher;
  /** Descriptor set for reflection. */
  readonly image: Uint8Array;
  readonly clock: Clock;
  /** Age limit of connections; undefined: none. */
  readonly ageLimit: AgeLimit | undefined;
  /** Default: listens on the address. */
  readonly listen?: Listen | undefined;
}

/** A server that closes the connections of a burst in turns. Under TLS, Node closes them. */
function createPlainServer(): Http2Server {
  const closes = new CloseTurns();
  // Node passes its options on to the server of the connections, which would close each at its client's end.
  const options: ServerOptions & NetServerOpts = { ...HTTP2_OPTIONS, allowHalfOpen: true };
  const server = createServer(options);
  server.on("connection", (socket: Socket) => {
    socket.once("end", () => closes.add(socket));
  });
  return server;
}

function createHttp2Server(tls: TlsMaterial | undefined): Http2Server | Http2SecureServer {
  if (tls === undefined) return createPlainServer();
  const { cert, key, clientCa } = tls;
  return createSecureServer({
    ...HTTP2_OPTIONS,
    handshakeTimeout: GREETING_TIMEOUT_MS,
    cert,
    key,
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  });
}

/** The contract's services, health and reflection over gRPC. Rejects when the address is taken. */
export async function createGrpcListener(options: GrpcListenerOptions): Promise<Listener> {
  const { dispatcher, clock, requestBytes } = options;
  let inUse = options.tls;
  const names = dispatcher.services.map(({ typeName }) => typeName);
  const health = createHealthService(names);
  const methods = new Map([
    ...contractMethods(dispatcher, requestBytes),
    ...health.methods,
    ...reflectionMethods(options.image, [...names, Health.typeName]),
  ]);
  const floods = new FloodGuard(clock);
  const sessions = new Http2Sessions(clock, options.ageLimit);
  const server = createHttp2Server(options.tls);
  gateStreams(server, { dispatcher, clock, methods, floods });
  server.on("session", (session: Http2Session) => {
    expectPreface(session, clock);
    floods.watch(session);
    keepAlive(session, clock);
    sessions.add(session);
  });

  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const begin = options.listen ?? listen;
  const { address, stop } = await begin(server, options.address, "the gRPC listener");

  return {
    address,
    setServing: (serving) => health.setServing(serving),
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
      sessions.close();
      await emptied(sockets, clock);
      for (const socket of sockets) socket.destroy();
    },
  };
}
