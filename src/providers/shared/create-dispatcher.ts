import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { buildConnector, Dispatcher, Pool } from "undici";
import type { ConnectionSettings, ProxySettings } from "../../domain/connection-settings.ts";
import { refusedTunnel, toProxyError } from "./proxy-error.ts";
import { skipInterim } from "./skip-interim.ts";

const MAX_HEADER_BYTES = 32 * 1024;
const MAX_CONNECTIONS = 4096;
/** Upper bound of a connection attempt in milliseconds. The request's own limit is much shorter. */
const MAX_CONNECT_MS = 60_000;
/**
 * Milliseconds for which idle connections are kept. Plain HTTP usually means a local server, which closes them after
 * 5 s.
 */
const KEEP_ALIVE_MS = { "http:": 4_000, "https:": 30_000 };

const CONNECTOR = { allowH2: false, timeout: MAX_CONNECT_MS } as const;
const LIMITS = {
  allowH2: false,
  connections: MAX_CONNECTIONS,
  maxHeaderSize: MAX_HEADER_BYTES,
} as const;

/**
 * With TLS 1.3, a server refuses a client's certificate after the handshake and closes the connection. Without this
 * function, the library would report the close instead of the refusal.
 */
function keepFirstError(socket: Socket): Socket {
  const destroy = socket.destroy.bind(socket);
  let first: Error | undefined;
  socket.on("error", (error) => {
    first ??= error;
  });
  socket.destroy = (error) => destroy(first ?? error);
  return socket;
}

const load = createRequire(import.meta.url);

/**
 * The parts of the library that connections without a proxy use: a fifth of its files. The first connection of a
 * process loads them.
 */
function direct() {
  return {
    Pool: load("undici/lib/dispatcher/pool.js") as typeof Pool,
    buildConnector: load("undici/lib/core/connect.js") as typeof buildConnector,
  };
}

function whole() {
  return load("undici") as typeof import("undici");
}

/** The library's header and body limits are off, because the caller limits the time. */
function createPool(origin: string | URL, connect: buildConnector.connector): Pool {
  return new (direct().Pool)(origin, {
    ...LIMITS,
    connect: (options, callback) =>
      connect(options, (...result) => {
        const [error, socket] = result;
        if (error === null) callback(null, skipInterim(keepFirstError(socket)));
        else callback(error, null);
      }),
    keepAliveTimeout:
      new URL(origin).protocol === "https:" ? KEEP_ALIVE_MS["https:"] : KEEP_ALIVE_MS["http:"],
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** Connections to a proxy, each of which becomes a tunnel. Failures here are the proxy's. */
function createProxyClient(proxy: URL, connect: buildConnector.connector): Dispatcher {
  const client = new (whole().Pool)(proxy.origin, {
    ...LIMITS,
    connect,
    headersTimeout: MAX_CONNECT_MS,
  });
  const open = client.connect.bind(client);
  client.connect = (async (options: Dispatcher.ConnectOptions) => {
    const tunnel = await open(options).catch((error: unknown) => {
      throw toProxyError(error);
    });
    const { statusCode, socket } = tunnel;
    // Every 2xx opens the tunnel (RFC 9110, 9.3.6), but the library accepts only 200.
    if (statusCode >= 200 && statusCode <= 299) return { ...tunnel, statusCode: 200 };
    socket.on("error", () => {}).destroy();
    throw refusedTunnel(statusCode);
  }) as typeof client.connect;
  return client;
}

/** The options that the library passes to factories beside the origin. */
interface FactoryOptions {
  readonly connect: buildConnector.connector;
}

/**
 * Connections by a proxy, or around it. Servers at `http:` addresses are also reached by a tunnel, because only a
 * tunnel separates answers of the proxy from those of the provider.
 */
function createProxied(
  { http, https, except }: ProxySettings,
  connector: buildConnector.BuildOptions,
): Dispatcher {
  const { EnvHttpProxyAgent, buildConnector } = whole();
  return new EnvHttpProxyAgent({
    httpProxy: http,
    httpsProxy: https,
    noProxy: except,
    proxyTunnel: true,
    connect: buildConnector(connector),
    connectTimeout: MAX_CONNECT_MS,
    proxyTls: CONNECTOR,
    requestTls: connector,
    factory: (origin, options) => createPool(origin, (options as FactoryOptions).connect),
    clientFactory: (proxy, options) =>
      createProxyClient(proxy, (options as FactoryOptions).connect),
  });
}

/**
 * Connections to one origin. HTTP/1.1 only: each running request has its own socket, so closing the socket is a
 * cancellation that every server understands.
 */
export function createDispatcher(origin: string, { proxy, tls }: ConnectionSettings): Dispatcher {
  const connector = { ...CONNECTOR, ...tls };
  return proxy === undefined
    ? createPool(origin, direct().buildConnector(connector))
    : createProxied(proxy, connector);
}
