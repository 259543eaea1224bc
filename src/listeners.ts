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

const IMAGE = join(import.meta.dirname, "../gen/steer.binpb");

export interface ListenersOptions {
  readonly clock: Clock;
  readonly config: Config;
  readonly dispatcher: Dispatcher;
  /** Why calls are served without the stream store; undefined: the store is used. */
  readonly storeTrouble: () => string | undefined;
  readonly doors: DoorHost;
}

export interface Listeners {
  readonly grpc: Listener;
  readonly http: Listener;
}

/** Listens on both addresses, or on none. */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const { clock, config, dispatcher, doors, storeTrouble } = options;
  const tls = readListenersTls(config);
  const shared = { ...config.limits, dispatcher, clock };
  const image = readFileSync(IMAGE);
  const grpc = await createGrpcListener({ ...config.grpc, ...shared, image, tls: tls.grpc });
  const serveDoors = doors.handle.bind(doors);
  const ofHttp = { ...config.http, ...shared, tls: tls.http, storeTrouble, serveDoors };
  const http = await createHttpListener(ofHttp).catch(async (error: unknown) => {
    await grpc.close();
    throw error;
  });
  return { grpc, http };
}
