import { freePort } from "./free-port.ts";
import { type ServiceOptions, type ServiceProcess, startService } from "./service.ts";

/** Replicas of the service that keep their addresses over restarts. */
export interface ReplicaSet extends AsyncDisposable {
  /** `host:port` of each gRPC listener. */
  readonly addresses: readonly string[];
  readonly services: readonly ServiceProcess[];
  /** Log lines of all replicas, including ended ones. */
  readonly log: () => readonly Record<string, unknown>[];
  /**
   * Sends SIGTERM, waits for the end of the process, and starts a new one at the same addresses. Returns the exit
   * code.
   */
  restart(index: number): Promise<number | null>;
}

export async function startReplicas(count: number, options: ServiceOptions): Promise<ReplicaSet> {
  const ports = await Promise.all(Array.from({ length: 2 * count }, () => freePort()));
  const start = (index: number): Promise<ServiceProcess> =>
    startService({
      ...options,
      env: {
        ...options.env,
        STEER_GRPC_ADDRESS: `127.0.0.1:${ports[2 * index]}`,
        STEER_HTTP_ADDRESS: `127.0.0.1:${ports[2 * index + 1]}`,
      },
    });
  const services = await Promise.all(Array.from({ length: count }, (_, index) => start(index)));
  const all = [...services];
  return {
    addresses: services.map(({ grpc }) => grpc),
    services,
    log: () => all.flatMap(({ log }) => log),
    async restart(index) {
      const old = services[index];
      if (old === undefined) throw new Error(`there is no replica ${index}`);
      old.signal("SIGTERM");
      const code = await old.exited;
      services[index] = await start(index);
      all.push(services[index]);
      return code;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}
