import type { Http2Session } from "node:http2";
import net from "node:net";
import { type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import { type Clock, MAX_TIMER_MS } from "../clock.ts";
import type { TlsMaterial } from "../domain/tls-material.ts";
import type { Dispatcher } from "./call.ts";
import { endOnce } from "./end-once.ts";
import { FloodGuard } from "./flood-guard.ts";
import { gateStreams } from "./grpc-gate.ts";
import { serverInternals } from "./grpc-internals.ts";
import { GrpcRequest } from "./grpc-request.ts";
import { handleServerStream, handleUnary } from "./handle-grpc-call.ts";
import { createHealthService, HEALTH_PATHS } from "./health.ts";
import { type AgeLimit, Http2Sessions } from "./http2-sessions.ts";
import { KEEPALIVE_TIME_MS, KEEPALIVE_TIMEOUT_MS } from "./keep-alive.ts";
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
import { addReflection, REFLECTION_PATHS } from "./reflection.ts";
import { boundRequests } from "./requests/bound-requests.ts";

const MAX_CONNECTIONS = 20_000;
const MAX_STREAMS_PER_CONNECTION = 1_000;
/** Most HTTP/2 state of one connection, in megabytes. */
const MAX_SESSION_MEMORY_MB = 256;
const MAX_HEADER_BYTES = 16 * 1024;

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

// It writes metadata that it cannot take to standard error, credentials included.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

function createServer({ dispatcher, requestBytes }: GrpcListenerOptions): grpc.Server {
  const server = new grpc.Server({
    interceptors: [endOnce, boundRequests(dispatcher.services, requestBytes)],
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
    "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc-node.max_session_memory": MAX_SESSION_MEMORY_MB,
    "grpc.enable_channelz": 0,
  });
  Object.assign(serverInternals(server).commonServerOptions, {
    ...RESET_LIMITS,
    handshakeTimeout: GREETING_TIMEOUT_MS,
    settings: {
      maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  });
  return server;
}

function addServices(server: grpc.Server, dispatcher: Dispatcher, clock: Clock): void {
  for (const service of dispatcher.services) {
    const definitions: Record<
      string,
      grpc.MethodDefinition<GrpcRequest, Message | Uint8Array>
    > = {};
    const handlers: Record<string, grpc.UntypedHandleCall> = {};
    for (const method of service.methods) {
      definitions[method.localName] = definition(method);
      handlers[method.localName] =
        method.methodKind === "server_streaming"
          ? handleServerStream(method, dispatcher, clock)
          : handleUnary(method, dispatcher, clock);
    }
    server.addService(definitions as grpc.ServiceDefinition, handlers);
  }
}

/** Requests stay bytes: otherwise invalid ones would end with INTERNAL before the caller is known. */
function definition(method: DescMethod): grpc.MethodDefinition<GrpcRequest, Message | Uint8Array> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: () => {
      throw new Error("a server writes no requests");
    },
    requestDeserialize: (bytes) => new GrpcRequest(bytes),
    responseSerialize: (message) => {
      const bytes = message instanceof Uint8Array ? message : toBinary(method.output, message);
      if (Buffer.isBuffer(bytes)) return bytes;
      const { buffer, byteOffset, byteLength } = bytes;
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    responseDeserialize: () => {
      throw new Error("a server does not read responses");
    },
  };
}

function credentials(tls: TlsMaterial | undefined): grpc.ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const { cert, key, clientCa } = tls;
  return grpc.ServerCredentials.createSsl(
    clientCa ?? null,
    [{ cert_chain: cert, private_key: key }],
    clientCa !== undefined,
  );
}

/** The contract's services, health and reflection over gRPC. Rejects when the address is taken. */
export async function createGrpcListener(options: GrpcListenerOptions): Promise<Listener> {
  const { dispatcher, clock } = options;
  let inUse = options.tls;
  const server = createServer(options);
  const names = dispatcher.services.map(({ typeName }) => typeName);
  const health = createHealthService(names);
  addServices(server, dispatcher, clock);
  health.addTo(server);
  addReflection(server, options.image, [...names, Health.typeName]);
  const open = new Set([...HEALTH_PATHS, ...REFLECTION_PATHS]);

  const floods = new FloodGuard(clock);
  const sessions = new Http2Sessions(clock, options.ageLimit);
  const injector = server.createConnectionInjector(credentials(options.tls));
  const { http2Servers } = serverInternals(server);
  for (const http2Server of http2Servers.keys()) {
    gateStreams(http2Server, { dispatcher, open, floods });
    http2Server.on("session", (session: Http2Session) => {
      expectPreface(session, clock);
      floods.watch(session);
      sessions.add(session);
    });
  }

  const sockets = new Set<net.Socket>();
  const listener = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  listener.maxConnections = MAX_CONNECTIONS;
  const begin = options.listen ?? listen;
  const { address, stop } = await begin(listener, options.address, "the gRPC listener");

  return {
    address,
    setServing: (serving) => health.setServing(serving),
    get tls() {
      return inUse;
    },
    setTls(tls) {
      inUse = tls;
      const { cert, key, clientCa } = tls;
      // grpc-js cannot change the certificate of connections that it is given, so the HTTP/2 servers get it.
      for (const http2Server of http2Servers.keys()) {
        if ("setSecureContext" in http2Server) {
          http2Server.setSecureContext({ cert, key, ca: clientCa });
        }
      }
    },
    get connections() {
      return sockets.size;
    },
    sayGoaway: () => sessions.sayGoaway(),
    stopListening: stop,
    async close() {
      stop();
      injector.drain(MAX_TIMER_MS);
      await emptied(sockets, clock);
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    },
  };
}
