import { createClient, RESP_TYPES } from "@redis/client";
import type { Clock } from "../../clock.ts";
import { SILENT } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Credentials, Endpoint } from "./url.ts";

/** What Redis answers; strings are bytes. */
export type Reply = null | number | Buffer | readonly Reply[];

/** Longest time from the first packet to a connection that takes commands. */
const CONNECT_MS = 2_000;

export interface ClientOptions extends Credentials {
  readonly tls: boolean;
  readonly database: number;
}

function createNodeClient({ host, port }: Endpoint, options: ClientOptions) {
  const { tls, username, password, database } = options;
  return createClient({
    // Who is the primary is to be found anew after each connection.
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
    // The client's own limit holds for unsent commands alone, and costs a signal each.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

/** One connection to one server, until it is lost or destroyed. */
export type RedisClient = ReturnType<typeof createNodeClient>;

/** A connection that takes commands; rejects with what the client or Redis said, or when aborted. */
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
      // The client finishes a connection that was begun, though it was destroyed meanwhile.
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

/** The first questions to a server: one that does not answer them in time, or at the abort, is left. */
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
