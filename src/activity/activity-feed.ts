import type { Clock } from "../clock.ts";
import type { ActivitySample } from "../domain/activity.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { ActivityReport, WatchQuery } from "../ports/activity.ts";

/** The seconds of one scope. */
export interface ActivitySource {
  /** The last second that can be reported. */
  readonly last: number;
  /** Samples after a second up to `last`, oldest first. */
  after(second: number): readonly ActivitySample[];
  /** Replicas in the last sample, in the order of their names. */
  readonly replicas: readonly string[];
}

/** The places of watchers at this replica. */
export class WatcherPlaces {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Call the result when the watcher has left. Throws RESOURCE_EXHAUSTED. */
  take(): () => void {
    if (this.#taken >= this.#max) {
      const message = `${this.#max} calls watch the activity of this replica already; end one of them, or watch another replica`;
      throw new GatewayError("caller-limit", message, { reason: "OPEN_STREAMS" });
    }
    this.#taken++;
    return () => void this.#taken--;
  }
}

export interface ActivityFeedOptions {
  readonly clock: Clock;
  readonly source: ActivitySource;
  readonly places: WatcherPlaces;
  /** The time after which a call must end, so that its error arrives before its deadline. */
  readonly answerTimeMs: (timeoutMs: number) => number;
}

/**
 * The watchers of one scope. A watcher has no queue: it remembers the last second that it was told, and asks for the
 * later ones when its connection accepts more.
 */
export class ActivityFeed {
  readonly #options: ActivityFeedOptions;
  readonly #waiting = new Set<() => void>();
  #watchers = 0;
  /** The report of the last second, for all who have read the one before. */
  #latest: ActivityReport | undefined;
  #ended: GatewayError | undefined;

  constructor(options: ActivityFeedOptions) {
    this.#options = options;
  }

  get isWatched(): boolean {
    return this.#watchers > 0;
  }

  /** Reports the seconds that `source` has got. */
  publish(): void {
    this.#latest = undefined;
    this.#wakeAll();
  }

  /** Ends all watchers with this error, and refuses new ones. */
  end(error: GatewayError): void {
    this.#ended = error;
    this.#wakeAll();
  }

  async *watch(query: WatchQuery): AsyncGenerator<ActivityReport, void> {
    const { clock, source, places, answerTimeMs } = this.#options;
    const { historySeconds, signal, timeoutMs } = query;
    if (this.#ended !== undefined) throw this.#ended;
    const leave = places.take();
    let isLate = false;
    let wake = (): void => {};
    const onAbort = (): void => wake();
    const onDeadline = (): void => {
      isLate = true;
      wake();
    };
    const cancelDeadline =
      timeoutMs === undefined ? () => {} : clock.schedule(answerTimeMs(timeoutMs), onDeadline);
    signal.addEventListener("abort", onAbort);
    this.#watchers++;
    try {
      let told = source.last;
      yield { samples: source.after(told - historySeconds), replicas: source.replicas };
      while (true) {
        signal.throwIfAborted();
        if (this.#ended !== undefined) throw this.#ended;
        if (isLate) throw new GatewayError("total-timeout", "the call's deadline has passed");
        if (source.last > told) {
          const report = this.#reportAfter(told);
          told = source.last;
          if (report.samples.length > 0) yield report;
          continue;
        }
        // A clock that was set back.
        told = Math.min(told, source.last);
        await new Promise<void>((resolve) => {
          wake = resolve;
          this.#waiting.add(resolve);
        });
        this.#waiting.delete(wake);
      }
    } finally {
      this.#watchers--;
      this.#waiting.delete(wake);
      cancelDeadline();
      signal.removeEventListener("abort", onAbort);
      leave();
    }
  }

  #reportAfter(told: number): ActivityReport {
    const { source } = this.#options;
    const samples = source.after(told);
    const { replicas } = source;
    if (samples.length !== 1) return { samples, replicas };
    this.#latest ??= { samples, replicas };
    return this.#latest;
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
