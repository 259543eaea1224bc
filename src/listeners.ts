import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { readConsoleFiles } from "./console/console-files.ts";
import { ConsolePages } from "./console/console-pages.ts";
import type { Core } from "./core.ts";
import { readListenersTls } from "./deployment/reload-steps.ts";
import type { DoorHost } from "./doors/door-host.ts";
import type { Dispatcher } from "./rpc/call.ts";
import { createGrpcListener } from "./rpc/grpc-listener.ts";
import { createHttpListener, type HttpListenerOptions } from "./rpc/http-listener.ts";
import type { Listen } from "./rpc/listen.ts";
import type { Listener } from "./rpc/listener.ts";
import { createMetricsListener, type MetricsListener } from "./rpc/metrics-listener.ts";

const IMAGE = join(import.meta.dirname, "../gen/steer.binpb");
const CONSOLE = join(import.meta.dirname, "../console/dist");

export interface ListenersOptions {
  readonly core: Pick<Core, "clock" | "inForce" | "onDefect" | "readMetrics">;
  readonly dispatcher: Dispatcher;
  /** Why calls are served without the stream store; undefined: the store is used. */
  readonly storeTrouble: () => string | undefined;
  readonly doors: DoorHost;
  /** The ports of a primary, which has the metrics too; undefined: all addresses are this process's own. */
  readonly ports: Readonly<Record<"grpc" | "http", Listen>> | undefined;
}

export interface Listeners {
  readonly grpc: Listener;
  readonly http: Listener;
  /** Undefined: `/metrics` is not served. */
  readonly metrics: MetricsListener | undefined;
}

async function startMetricsListener(
  options: ListenersOptions,
): Promise<MetricsListener | undefined> {
  const { clock, inForce, onDefect, readMetrics: read } = options.core;
  if (options.ports !== undefined) return undefined;
  const address = inForce.config.telemetry?.metricsAddress;
  const hosts = () => inForce.config.hosts;
  return address && read && createMetricsListener({ address, clock, hosts, onDefect, read });
}

/** What the HTTP listener serves beside the contract: the console and the vendors' APIs. */
function serveOthers({
  core: { inForce },
  doors,
}: ListenersOptions): Required<HttpListenerOptions>["serveOthers"] {
  const serveDoors = doors.handle.bind(doors);
  if (!inForce.config.console.enabled) return serveDoors;
  const pages = new ConsolePages({
    files: readConsoleFiles(CONSOLE),
    hosts() {
      const { allowUnauthenticated, callers, hosts } = inForce.config;
      // As for calls: where the credential is the machine itself, its name must be right.
      return callers.length === 0 && !allowUnauthenticated ? hosts : undefined;
    },
  });
  return (request, response) =>
    pages.handle(request as IncomingMessage, response) || serveDoors(request, response);
}

/** Listens on all addresses, or on none. */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const { core, dispatcher, storeTrouble, ports } = options;
  const { clock, inForce } = core;
  const { config } = inForce;
  const tls = readListenersTls(config);
  const shared = { ...config.limits, dispatcher, clock };
  const image = readFileSync(IMAGE);
  const ofGrpc = { ...config.grpc, ...shared, image, tls: tls.grpc, listen: ports?.grpc };
  const grpc = await createGrpcListener(ofGrpc);
  const others = { serveOthers: serveOthers(options) };
  const place = { tls: tls.http, listen: ports?.http };
  const ofHttp = { ...config.http, ...shared, ...others, ...place, storeTrouble };
  const taken: Pick<Listener, "close">[] = [grpc];
  try {
    const http = await createHttpListener(ofHttp);
    taken.push(http);
    return { grpc, http, metrics: await startMetricsListener(options) };
  } catch (error) {
    await Promise.all(taken.map((listener) => listener.close()));
    throw error;
  }
}
