import type { Clock } from "../../clock.ts";
import { SILENT } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { RedisClient } from "./client.ts";
import { isReplica, movedTo } from "./errors.ts";
import { ABSENT_KEY } from "./keys.ts";
import type { Primary } from "./primary.ts";
import type { Endpoint } from "./url.ts";

/** Interval in milliseconds at which a server is asked whether it is still the primary. */
const CHECK_MS = 2_000;
/** A server that is silent for this long, in milliseconds, is left: its machine can vanish without notice. */
const SILENCE_MS = 3_000;
/** Milliseconds to wait for outstanding answers of a node that is left in order. */
const CLOSE_MS = 1_000;

/** Why a connection was left. */
export interface Departure {
  /** The node that has the slot now; undefined: the server was lost. */
  readonly owner: Endpoint | undefined;
  readonly why: unknown;
}

/** The connection to a primary, until the connection is lost or another server is the primary. */
export class RedisLink {
  readonly client: RedisClient;
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #onLeft: (departure: Departure) => void;
  #cancelTimer = (): void => {};
  #isLeft = false;
  #isProven = false;

  constructor({ client, endpoint }: Primary, clock: Clock, onLeft: (why: Departure) => void) {
    this.client = client;
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#onLeft = onLeft;
  }

  /** Whether the connection has passed one check. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Starts the checks of the connection. */
  watch(): void {
    const { client } = this;
    client.on("error", (why: unknown) => this.leave({ owner: undefined, why }));
    client.on("sharded-channel-moved", () => {
      const why = new StoreUnavailable("not-applied", "the cluster has moved a channel");
      this.leave({ owner: undefined, why });
    });
    if (client.isReady) return this.#checkLater();
    this.leave({ owner: undefined, why: new Error("the connection was lost") });
  }

  leave(departure: Departure): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#cancelTimer();
    const { client } = this;
    if (departure.owner === undefined) {
      client.destroy();
    } else {
      // Each sent command gets its own refusal, which proves that the command was not applied.
      const cancel = this.#clock.schedule(CLOSE_MS, () => client.destroy());
      void client.close().then(cancel, cancel);
    }
    this.#onLeft(departure);
  }

  /** Leaves a server whose reply shows that it is not the primary. True: the reply names the primary. */
  heed(error: unknown): boolean {
    const owner = movedTo(error, this.#endpoint);
    if (owner !== undefined || isReplica(error)) this.leave({ owner, why: error });
    return owner !== undefined;
  }

  #checkLater(): void {
    this.#cancelTimer = this.#clock.schedule(CHECK_MS, () => void this.#check());
  }

  async #check(): Promise<void> {
    this.#cancelTimer = this.#clock.schedule(SILENCE_MS, () => {
      const message = `Redis was silent for ${SILENCE_MS} ms`;
      const why = new StoreUnavailable("not-applied", message, SILENT);
      this.leave({ owner: undefined, why });
    });
    try {
      await this.client.sendCommand(["EXISTS", ABSENT_KEY]);
      this.#isProven = true;
    } catch (error) {
      this.heed(error);
    }
    if (this.#isLeft) return;
    this.#cancelTimer();
    this.#checkLater();
  }
}
