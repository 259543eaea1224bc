import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { readListenersTls } from "./deployment/reload-steps.ts";
import type { DoorHost } from "./doors/door-host.ts";
import type { Dispatcher } from "./rpc/call.ts";
import { createGrpcListener } from "./rpc/grpc-listener.ts";
import { createHttpListener } from "./rpc/http-listener.ts";
import type { Listener } from "./rpc/listener.ts";
import { createMetricsListener, type MetricsListener } from "./rpc/metrics-listener.ts";

const IMAGE = join(import.meta.dirname, "../gen/steer.binpb");

export interface ListenersOptions {
  readonly clock: Clock;
  readonly config: Config;
  readonly dispatcher: Dispatcher;
  /** Why calls are served without the stream store; undefined: the store is used. */
  readonly storeTrouble: () => string | undefined;
  readonly doors: DoorHost;
  /** The metrics in Prometheus' text format; undefined: they are not served. */
  readonly readMetrics: (() => Promise<string>) | undefined;
  /** Names of this machine in force, beside the loopback names. */
  readonly hosts: () => readonly string[];
  readonly onDefect: (error: unknown) => void;
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
  const { config, readMetrics: read } = options;
  const address = config.telemetry?.metricsAddress;
  return address && read && createMetricsListener({ ...options, address, read });
}

/** Listens on all addresses, or on none. */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const { clock, config, dispatcher, doors, storeTrouble } = options;
  const tls = readListenersTls(config);
  const shared = { ...config.limits, dispatcher, clock };
  const image = readFileSync(IMAGE);
  const grpc = await createGrpcListener({ ...config.grpc, ...shared, image, tls: tls.grpc });
  const serveDoors = doors.handle.bind(doors);
  const ofHttp = { ...config.http, ...shared, tls: tls.http, storeTrouble, serveDoors };
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
