import { createClient, RESP_TYPES } from "@redis/client";
import type { Clock } from "../../clock.ts";
import { SILENT } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Credentials, Endpoint } from "./url.ts";

/** An answer of Redis. Strings are bytes. */
export type Reply = null | number | Buffer | readonly Reply[];

/** Longest time in milliseconds from the first packet to a connection that accepts commands. */
const CONNECT_MS = 2_000;

export interface ClientOptions extends Credentials {
  readonly tls: boolean;
  readonly database: number;
}

function createNodeClient({ host, port }: Endpoint, options: ClientOptions) {
  const { tls, username, password, database } = options;
  return createClient({
    // The primary must be found anew after each connection, so the client does not reconnect.
    socket: {
      host,
      port,
      ...(tls && { tls }),
      connectTimeout: CONNECT_MS,
      reconnectStrategy: false,
    },
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
    database,
    name: "steer",
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    // The client's own limit applies only to unsent commands, and costs a signal for each.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

/** One connection to one server, until it is lost or destroyed. */
export type RedisClient = ReturnType<typeof createNodeClient>;

/** Opens a connection that accepts commands. Rejects with the error of the client or of Redis, or on abort. */
export function openClient(
  endpoint: Endpoint,
  options: ClientOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<RedisClient> {
  const client = createNodeClient(endpoint, options);
  // Without a listener an error would end the process.
  client.on("error", () => {});
  return new Promise((resolve, reject) => {
    let isGivenUp = false;
    const giveUp = (error: unknown): void => {
      isGivenUp = true;
      client.destroy();
      reject(error);
    };
    const cancel = clock.schedule(CONNECT_MS, () =>
      giveUp(new StoreUnavailable("not-applied", `no greeting within ${CONNECT_MS} ms`, SILENT)),
    );
    const abort = (): void => giveUp(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const settle = (): void => {
      cancel();
      signal.removeEventListener("abort", abort);
      // The client completes a connection attempt even if it was destroyed meanwhile.
      if (isGivenUp) client.destroy();
    };
    client.connect().then(
      () => {
        settle();
        resolve(client);
      },
      (error: unknown) => {
        settle();
        client.destroy();
        reject(error);
      },
    );
    if (signal.aborted) abort();
  });
}

/** Bounds the first commands to a server. A server that does not answer in time is left, as it is on abort. */
export async function limited<T>(
  client: RedisClient,
  clock: Clock,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  const leave = (): void => client.destroy();
  const cancel = clock.schedule(CONNECT_MS, leave);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await ask();
  } finally {
    cancel();
    signal.removeEventListener("abort", leave);
  }
}
