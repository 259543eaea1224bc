import type { Clock } from "../../clock.ts";
import { SILENT } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { RedisClient } from "./client.ts";
import { isReplica, movedTo } from "./errors.ts";
import { ABSENT_KEY } from "./keys.ts";
import type { Primary } from "./primary.ts";
import type { Endpoint } from "./url.ts";

/** How often a server is asked whether it still is the primary. */
const CHECK_MS = 2_000;
/** One that is silent for so long is left: its machine can be gone without a word. */
const SILENCE_MS = 3_000;
/** Answers that are still to come from a node that is left in order. */
const CLOSE_MS = 1_000;

/** Why a connection was left. */
export interface Departure {
  /** The node that has the slot now; undefined: the server is lost. */
  readonly owner: Endpoint | undefined;
  readonly why: unknown;
}

/** The connection to a primary, until it is lost or the primary is another. */
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

  /** It has stood one check. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Checks it from now on. */
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
      // What was sent has its own refusal on the way, by which it is known that it was not applied.
      const cancel = this.#clock.schedule(CLOSE_MS, () => client.destroy());
      void client.close().then(cancel, cancel);
    }
    this.#onLeft(departure);
  }

  /** Leaves a server that answers that it is not the primary. True: it said who is. */
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
