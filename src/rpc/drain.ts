import { drainingError } from "../calls/draining.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { RunningCount } from "../domain/running-count.ts";
import type { Listener } from "./listener.ts";

/** Longest wait, in milliseconds, for calls to end after they were told to. */
const END_CALLS_MS = 1_000;

type ListenerPart = "setServing" | "connections" | "sayGoaway" | "stopListening" | "close";

/** Times of a drain in milliseconds, both from its start. */
export interface DrainSettings {
  /** Time for balancers and clients to notice the drain, before GOAWAY. */
  readonly noticeMs: number;
  /** Time for running calls to end. */
  readonly graceMs: number;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly settings: DrainSettings;
  readonly grpc: Pick<Listener, ListenerPart>;
  readonly http: Pick<Listener, ListenerPart>;
  /** Work that has to end: requests that arrive, calls, and generations, which can outlive their calls. */
  readonly running: readonly Pick<RunningCount, "active" | "idle">[];
  /** Refuses new calls with this error, and the requests that are not complete. */
  readonly refuseCalls: (error: GatewayError) => void;
  /**
   * Ends running generations with this error, or hands them over: streams by their terminal event, unary calls by
   * their status.
   */
  readonly endGenerations: (error: GatewayError) => Promise<void>;
  /** Ends the calls that have no end of their own with this error. */
  readonly endWatches: (error: GatewayError) => void;
  /** Aborted by a second signal: the remaining steps follow at once. */
  readonly hurry: AbortSignal;
}

/**
 * Ends the service without failing a call that could be served:
 *
 * 1. Health reports not serving, and an HTTP/1.1 connection ends with its next answer. All calls are served.
 * 2. After `noticeMs`: GOAWAY on every connection. Calls on their way and new connections are served.
 * 3. When all clients know: the listeners close. Requests of known callers continue to arrive and running calls continue,
 *    except those that only watch.
 * 4. After `graceMs`: new calls and incomplete requests are refused; running calls are handed over or end with a typed
 *    error.
 *
 * Resolves when everything is closed: at once if there is no connection or call, otherwise after step 3 when no
 * call runs or arrives.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { clock, settings, grpc, http, running, hurry } = options;
  const graceEndsAt = clock.now() + settings.graceMs;
  const isActive = (): boolean => running.some(({ active }) => active > 0);

  grpc.setServing(false);
  http.setServing(false);
  if (isActive() || grpc.connections + http.connections > 0) {
    await clock.sleep(settings.noticeMs, hurry).catch(() => {});
    await unless(hurry, Promise.all([grpc.sayGoaway(), http.sayGoaway()]));
    grpc.stopListening();
    http.stopListening();
    options.endWatches(drainingError());
    const stop = new AbortController();
    const end = idle(running, isActive).then(() => stop.abort());
    const signal = AbortSignal.any([hurry, stop.signal]);
    await clock.sleep(graceEndsAt - clock.now(), signal).catch(() => {});
    if (isActive()) {
      options.refuseCalls(drainingError());
      // A store that is away must not delay the end: other replicas find streams that were not handed over.
      const message = "this replica shuts down and the stream cannot go on";
      void options.endGenerations(new GatewayError("owner-lost", message));
      await Promise.race([end, clock.sleep(END_CALLS_MS, stop.signal).catch(() => {})]);
    }
  }
  await Promise.all([grpc.close(), http.close()]);
}

/** Resolves when nothing runs and no arrived call is unexamined. */
async function idle(running: DrainOptions["running"], isActive: () => boolean): Promise<void> {
  do {
    await Promise.all(running.map((work) => work.idle()));
    // Calls that have arrived are read in one turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } while (isActive());
}

/** Waits for work until `signal` is aborted. */
async function unless(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => aborted.resolve());
  await Promise.race([work, aborted.promise]);
}
