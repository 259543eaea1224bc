import type { Clock } from "../clock.ts";
import type { Dispatcher } from "./call.ts";
import type { GrpcListener } from "./grpc-listener.ts";
import type { HttpListener } from "./http-listener.ts";

/** Steps of a drain, in milliseconds from its start: `api.md` §7. */
const GOAWAY_MS = 2_000;
const END_CALLS_MS = 25_000;
const CLOSE_MS = 26_000;

export interface DrainOptions {
  readonly clock: Clock;
  readonly grpc: Pick<GrpcListener, "setServing" | "sayGoaway" | "close">;
  readonly http: Pick<HttpListener, "setServing" | "closeGracefully" | "close">;
  readonly dispatcher: Pick<Dispatcher, "activeCalls" | "startDraining" | "endCalls" | "idle">;
  /** They can outlive their calls. */
  readonly generations: { readonly active: number; idle(): Promise<void> };
  /** Aborted by a second signal: the rest of the steps are taken at once. */
  readonly hurry: AbortSignal;
}

/**
 * Lets running calls end: health says no at once while the listeners stay open,
 * then GOAWAY, then what still runs is ended with a typed error. Resolves when
 * everything is closed, at once if nothing ran.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { clock, grpc, http, dispatcher, generations, hurry } = options;
  const isActive = (): boolean => dispatcher.activeCalls + generations.active > 0;
  const idle = async (): Promise<void> => {
    while (isActive()) await Promise.all([dispatcher.idle(), generations.idle()]);
  };
  grpc.setServing(false);
  http.setServing(false);
  dispatcher.startDraining();
  let over = false;
  if (isActive()) {
    const stop = new AbortController();
    const end = idle().then(() => stop.abort());
    const signal = AbortSignal.any([hurry, stop.signal]);
    const wait = async (ms: number): Promise<void> => {
      if (over) return;
      await clock.sleep(ms, signal).catch(() => {
        over = true;
      });
    };
    await wait(GOAWAY_MS);
    grpc.sayGoaway();
    http.closeGracefully();
    await wait(END_CALLS_MS - GOAWAY_MS);
    if (isActive()) {
      // A store that is away must not hold it up: others find what was not handed over.
      void dispatcher.endCalls();
      over = false;
      await Promise.race([end, clock.sleep(CLOSE_MS - END_CALLS_MS, stop.signal).catch(() => {})]);
    }
  }
  await Promise.all([grpc.close(), http.close()]);
}
