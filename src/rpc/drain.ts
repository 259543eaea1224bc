import type { Draining } from "../calls/draining.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Listener } from "./listener.ts";

/** Longest wait for calls to end once they have been told to. */
const END_CALLS_MS = 1_000;

type ListenerPart = "setServing" | "connections" | "sayGoaway" | "stopListening" | "close";

/** Times of a drain, both from its start. */
export interface DrainSettings {
  /** Milliseconds in which balancers and clients learn of it, before GOAWAY. */
  readonly noticeMs: number;
  /** Milliseconds that running calls have. */
  readonly graceMs: number;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly settings: DrainSettings;
  readonly grpc: Pick<Listener, ListenerPart>;
  readonly http: Pick<Listener, ListenerPart>;
  readonly calls: Pick<Draining, "activeCalls" | "startDraining" | "idle">;
  /** Ends what still runs with this error, or hands it over: streams by their terminal event, unary calls by their status. */
  readonly endGenerations: (error: GatewayError) => Promise<void>;
  /** They can outlive their calls. */
  readonly generations: { readonly active: number; idle(): Promise<void> };
  /** Aborted by a second signal: the rest of the steps are taken at once. */
  readonly hurry: AbortSignal;
}

/**
 * Ends the service without failing a call that could be served:
 *
 * 1. Health says no, and an HTTP/1.1 connection ends with its next answer. All calls are served.
 * 2. After `noticeMs`: GOAWAY to every connection. Calls on their way and new connections are served.
 * 3. When all clients know: no new connection is taken. Running calls go on.
 * 4. After `graceMs`: new calls are refused, running ones are handed over or end with a typed error.
 *
 * Resolves when everything is closed: at once without a connection or call, else when step 3 is done
 * and no call runs.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { clock, settings, grpc, http, calls, generations, hurry } = options;
  const graceEndsAt = clock.now() + settings.graceMs;
  const isActive = (): boolean => calls.activeCalls + generations.active > 0;

  grpc.setServing(false);
  http.setServing(false);
  if (isActive() || grpc.connections + http.connections > 0) {
    await clock.sleep(settings.noticeMs, hurry).catch(() => {});
    await unless(hurry, Promise.all([grpc.sayGoaway(), http.sayGoaway()]));
    grpc.stopListening();
    http.stopListening();
    const stop = new AbortController();
    const end = idle(options, isActive).then(() => stop.abort());
    const signal = AbortSignal.any([hurry, stop.signal]);
    await clock.sleep(graceEndsAt - clock.now(), signal).catch(() => {});
    if (isActive()) {
      calls.startDraining();
      // A store that is away must not hold it up: others find what was not handed over.
      const message = "this replica shuts down and the stream cannot go on";
      void options.endGenerations(new GatewayError("owner-lost", message));
      await Promise.race([end, clock.sleep(END_CALLS_MS, stop.signal).catch(() => {})]);
    }
  }
  await Promise.all([grpc.close(), http.close()]);
}

/** Resolves when no call runs and none has arrived that is not looked at yet. */
async function idle({ calls, generations }: DrainOptions, isActive: () => boolean): Promise<void> {
  do {
    await Promise.all([calls.idle(), generations.idle()]);
    // One turn of the loop reads what has arrived.
    await new Promise((resolve) => setImmediate(resolve));
  } while (isActive());
}

/** Waits for work that nobody needs any more once `signal` is aborted. */
async function unless(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => aborted.resolve());
  await Promise.race([work, aborted.promise]);
}
