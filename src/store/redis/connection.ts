import type { Clock } from "../../clock.ts";
import { StoreProblem } from "../store-problem.ts";
import { SILENT } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { RedisClient, Reply } from "./client.ts";
import { isFunctionMissing, isOutOfMemory, redisTrouble, unavailable } from "./errors.ts";
import { type Departure, RedisLink } from "./link.ts";
import { createPrimaryFinder } from "./primary.ts";
import type { Endpoint, RedisAddress } from "./url.ts";

/**
 * Longest wait for an answer in milliseconds. It is a last resort, because callers have shorter limits. A sent
 * command cannot be recalled and may still be applied.
 */
const ANSWER_MS = 2_000;
const RECONNECT_MS = { first: 50, most: 2_000 };
/** Most moves of one call to another node. */
const MAX_MOVES = 3;

type Listener = (message: Buffer) => void;

type State =
  | { readonly is: "ready"; readonly link: RedisLink }
  /** Another node has the slot now. Calls wait for the connection to it. */
  | { readonly is: "moving"; readonly next: PromiseWithResolvers<void> }
  | { readonly is: "away"; readonly why: unknown };

/** A connection that is reopened until `close`. Each command is answered or rejected in time. */
export interface RedisConnection {
  /**
   * Rejects with `StoreUnavailable`, or with the reply of Redis if it lacks memory or a function: `library.ts`
   * handles those.
   */
  send(args: readonly (string | Buffer)[]): Promise<Reply>;
  /**
   * Resolves when Redis has confirmed the subscription. The subscription holds until `unsubscribe`, even if this
   * rejects: it is repeated on each new connection.
   */
  subscribe(channel: string, listener: Listener): Promise<void>;
  unsubscribe(channel: string, listener: Listener): Promise<void>;
  close(): void;
}

function offline(why: unknown): StoreUnavailable {
  if (why instanceof StoreProblem) return why;
  const text = why instanceof Error ? why.message : "not connected yet";
  const message = `no connection to Redis: ${text}`;
  return new StoreUnavailable("not-applied", message, redisTrouble(why), why);
}

export function connectRedis(address: RedisAddress, clock: Clock): RedisConnection {
  const ending = new AbortController();
  const { signal } = ending;
  const finder = createPrimaryFinder(address, clock, signal);
  const channels = new Map<string, Set<Listener>>();
  let state: State = { is: "away", why: undefined };

  function become(next: State): void {
    const before = state;
    state = next;
    if (before.is !== "moving") return;
    if (next.is === "away") before.next.reject(offline(next.why));
    else before.next.resolve();
  }

  function depart({ owner, why }: Departure): void {
    if (owner === undefined) return become({ is: "away", why });
    const next = Promise.withResolvers<void>();
    // Nothing may be waiting for the promise.
    next.promise.catch(() => {});
    become({ is: "moving", next });
  }

  /** Resolves when the connection was left, with the next node. */
  async function serve(hint: Endpoint | undefined): Promise<Departure & { isProven: boolean }> {
    const primary = await finder.find(hint);
    if (signal.aborted) {
      primary.client.destroy();
      throw signal.reason;
    }
    const left = Promise.withResolvers<Departure>();
    const link = new RedisLink(primary, clock, (departure) => {
      depart(departure);
      left.resolve(departure);
    });
    become({ is: "ready", link });
    for (const [channel, listeners] of channels) {
      for (const listener of listeners) {
        link.client.sSubscribe(channel, listener, true).catch((error) => link.heed(error));
      }
    }
    link.watch();
    return { ...(await left.promise), isProven: link.isProven };
  }

  async function run(): Promise<void> {
    let hint: Endpoint | undefined;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const { owner, isProven } = await serve(hint);
        hint = owner;
        if (isProven) failures = 0;
      } catch (why) {
        hint = undefined;
        become({ is: "away", why });
      }
      if (hint !== undefined && failures === 0) continue;
      const { first, most } = RECONNECT_MS;
      const longest = Math.min(first * 2 ** failures, most);
      // Only the end of the connection rejects the sleep.
      await clock.sleep(longest * (0.5 + clock.random() / 2), signal).catch(() => {});
    }
  }

  void run();

  function ask<T>(start: (client: RedisClient) => Promise<T>): Promise<T> {
    if (state.is === "away") return Promise.reject(offline(state.why));
    return new Promise((resolve, reject) => {
      let isLate = false;
      const cancel = clock.schedule(ANSWER_MS, () => {
        isLate = true;
        reject(new StoreUnavailable("unknown", "Redis does not answer", SILENT));
      });
      const fail = (error: unknown): void => {
        cancel();
        reject(isOutOfMemory(error) || isFunctionMissing(error) ? error : unavailable(error));
      };
      const attempt = (moves: number): void => {
        if (isLate) return;
        if (state.is === "moving") return void state.next.promise.then(() => attempt(moves), fail);
        if (state.is === "away") return fail(offline(state.why));
        const { link } = state;
        start(link.client).then(
          (answer) => {
            cancel();
            resolve(answer);
          },
          (error: unknown) => {
            // The node refused the call before its first step, so it is sent again to the node with the slot.
            if (link.heed(error) && moves < MAX_MOVES) attempt(moves + 1);
            else fail(error);
          },
        );
      };
      attempt(0);
    });
  }

  return {
    send: (args) => ask((client) => client.sendCommand<Reply>(args as (string | Buffer)[])),
    subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      return ask((client) => client.sSubscribe(channel, listener, true));
    },
    unsubscribe(channel, listener) {
      const listeners = channels.get(channel);
      listeners?.delete(listener);
      if (listeners?.size === 0) channels.delete(channel);
      return ask((client) => client.sUnsubscribe(channel, listener, true));
    },
    close() {
      ending.abort();
      if (state.is === "ready") state.link.leave({ owner: undefined, why: new Error("closed") });
    },
  };
}
