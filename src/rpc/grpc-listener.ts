import type { Http2Session } from "node:http2";
import net from "node:net";
import { type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import type { Clock } from "../clock.ts";
import type { Dispatcher } from "./call.ts";
import { handleServerStream, handleUnary } from "./grpc-call.ts";
import { createHealthService } from "./health.ts";
import {
  emptied,
  expectPreface,
  GREETING_TIMEOUT_MS,
  type ListenAddress,
  listen,
  RESET_LIMITS,
} from "./listen.ts";
import { addReflection } from "./reflection.ts";
import { readTls, type TlsFiles } from "./tls.ts";

/** `api.md` §11. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;
const MAX_CONNECTIONS = 20_000;
const MAX_STREAMS_PER_CONNECTION = 1_000;
/** Megabytes of HTTP/2 state that one connection can hold. */
const MAX_SESSION_MEMORY_MB = 256;
const MAX_HEADER_BYTES = 16 * 1024;
const KEEPALIVE_TIME_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
const MAX_IDLE_MS = 30 * 60_000;

/** Above this a timer of Node wraps; grpc-js sets one for every deadline. */
const MAX_TIMEOUT_MS = 2_147_483_000;
const TIMEOUT_UNITS_MS: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1_000,
  M: 60_000,
  H: 3_600_000,
};

export interface GrpcListenerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsFiles | undefined;
  readonly dispatcher: Dispatcher;
  /** Descriptor set that reflection serves. */
  readonly image: Uint8Array;
  readonly clock: Clock;
}

export interface GrpcListener {
  /** As taken: the port is never 0. */
  readonly address: ListenAddress;
  /** Tells health checks and watchers. */
  setServing(serving: boolean): void;
  /** Says GOAWAY to every client and takes no new connection; running calls go on. */
  sayGoaway(): void;
  /** Sends what is on its way, then cuts what is left. */
  close(): Promise<void>;
}

/** grpc-js would read other codecs and verbs as if they were these. */
const CONTENT_TYPE = /^application\/grpc(\+proto)?(;|$)/;

function isGrpc(headers: Readonly<Record<string, string>>): boolean {
  return headers[":method"] === "POST" && CONTENT_TYPE.test(headers["content-type"] ?? "");
}

function isDeadlineTooLong(header: string): boolean {
  const match = /^(\d{1,8})([numSMH])$/.exec(header);
  return (
    match !== null && Number(match[1]) * (TIMEOUT_UNITS_MS[match[2] ?? ""] ?? 0) > MAX_TIMEOUT_MS
  );
}

// It writes metadata that it cannot take to standard error, credentials included.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** Settings that grpc-js has no option for. */
interface ServerInternals {
  readonly commonServerOptions: Record<string, unknown>;
  readonly http2Servers: Map<NodeJS.EventEmitter, unknown>;
}

function createServer(): grpc.Server {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
    "grpc.max_connection_idle_ms": MAX_IDLE_MS,
    "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc-node.max_session_memory": MAX_SESSION_MEMORY_MB,
    "grpc.enable_channelz": 0,
  });
  const { commonServerOptions } = server as unknown as ServerInternals;
  Object.assign(commonServerOptions, {
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
    const definitions: Record<string, grpc.MethodDefinition<Buffer, Message | Uint8Array>> = {};
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

/** Requests stay bytes: what cannot be decoded must not become INTERNAL before the caller is known. */
function definition(method: DescMethod): grpc.MethodDefinition<Buffer, Message | Uint8Array> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
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

function credentials(tls: TlsFiles | undefined): grpc.ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const { cert, key, clientCa } = readTls(tls);
  return grpc.ServerCredentials.createSsl(
    clientCa ?? null,
    [{ cert_chain: cert, private_key: key }],
    clientCa !== undefined,
  );
}

/** The contract's services, health and reflection over gRPC. Rejects when the address is taken. */
export async function createGrpcListener(options: GrpcListenerOptions): Promise<GrpcListener> {
  const { dispatcher, clock } = options;
  const server = createServer();
  const names = dispatcher.services.map(({ typeName }) => typeName);
  const health = createHealthService(names);
  addServices(server, dispatcher, clock);
  health.addTo(server);
  addReflection(server, options.image, [...names, Health.typeName]);

  const injector = server.createConnectionInjector(credentials(options.tls));
  for (const http2Server of (server as unknown as ServerInternals).http2Servers.keys()) {
    http2Server.prependListener("stream", (_stream, headers: Record<string, string>) => {
      const timeout = headers["grpc-timeout"];
      if (timeout !== undefined && isDeadlineTooLong(timeout)) delete headers["grpc-timeout"];
      // It answers 415 then.
      if (!isGrpc(headers)) delete headers["content-type"];
    });
    http2Server.on("session", (session: Http2Session) => expectPreface(session, clock));
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
  const address = await listen(listener, options.address, "the gRPC listener");

  return {
    address,
    setServing: (serving) => health.setServing(serving),
    sayGoaway() {
      listener.close();
      injector.drain(MAX_TIMEOUT_MS);
    },
    async close() {
      listener.close();
      injector.drain(MAX_TIMEOUT_MS);
      await emptied(sockets, clock);
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    },
  };
}
