// A replica's continuous work for its streams: shows that the replica is alive, receives cancels, takes over orphans,
// removes expired streams.
import type { Clock } from "../clock.ts";
import { within } from "../store/store-health.ts";
import { StoreProblem } from "../store/store-problem.ts";
import { answers } from "../store/store-trouble.ts";
import { ignoreOutage, StoreUnavailable } from "../store/store-unavailable.ts";
import type { StreamLog } from "./stream-log.ts";
import type { StoredStream } from "./stream-store.ts";

const TICK_MS = 1_000;
/** Shorter interval while the store is away, in order to notice its return sooner. */
const DOWN_TICK_MS = 250;
/** Longest wait of a start for the store. After it, the service starts without the store. */
const FIRST_CONTACT_MS = 1_000;
const FIRST_CONTACT_RETRY_MS = 50;
/** Longest wait for a sign of life, and for an answer that may be long, in milliseconds. */
const RENEW_TIMEOUT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 3_000;
/** A stream that has stored nothing for this long, in milliseconds, may not have received a cancel. */
const IDLE_MS = 2_000;
/** Most orphans that one replica takes over at a time, so that a lost replica does not cause a burst of calls. */
const MAX_ADOPTIONS = 16;
const REAP_MS = 30_000;
const REAP_LIMIT = 500;

export interface MaintenanceOptions {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly adopt: (stream: StoredStream) => Promise<"taken" | "ended" | "left">;
  readonly onTakeover: (stream: StoredStream, result: "taken" | "ended") => void;
  readonly onReaped: (expired: number) => void;
  /**
   * Called with errors that no outage explains. They must not end the session, because other streams depend on it.
   */
  readonly onDefect: (error: unknown) => void;
  /** The status that this replica publishes to the others. */
  readonly snapshot: () => Uint8Array;
}

export class StreamMaintenance {
  readonly #options: MaintenanceOptions;
  readonly #stop = new AbortController();
  #adopting = 0;
  #mayAdopt = true;
  #reapAt: number;
  #loop: Promise<void> | undefined;
  /** The error of the last contact with the store; undefined if it succeeded. */
  #outage: StoreUnavailable | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#reapAt = options.clock.now() + this.#reapDelay();
  }

  /**
   * Opens the session, then works until `stop`. The service starts without its store if necessary. Rejects with a
   * `StoreProblem` that no waiting resolves.
   */
  async start(): Promise<void> {
    const { clock, log } = this.#options;
    const until = clock.now() + FIRST_CONTACT_MS;
    const started = log.health.starting();
    await this.#tick();
    while (log.health.isDown && !this.#isHopeless && clock.now() < until) {
      await clock.sleep(FIRST_CONTACT_RETRY_MS, this.#stop.signal);
      await this.#tick();
    }
    if (this.#isHopeless) throw this.#outage;
    started();
    this.#loop = this.#run();
  }

  get #isHopeless(): boolean {
    return this.#outage instanceof StoreProblem && this.#outage.isFinal;
  }

  /** From now on, orphans are left to other replicas. */
  stopAdopting(): void {
    this.#mayAdopt = false;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    const { store, session } = this.#options.log;
    await this.#answered(this.#loop, RENEW_TIMEOUT_MS).catch(ignoreOutage);
    await this.#answered(store.closeSession(session), RENEW_TIMEOUT_MS).catch(ignoreOutage);
  }

  async #answered<T>(answer: T | Promise<T>, timeoutMs = ANSWER_TIMEOUT_MS): Promise<T> {
    return within(this.#options.clock, timeoutMs, answer);
  }

  async #run(): Promise<void> {
    const { clock, log, onDefect } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const longest = log.health.isDown ? DOWN_TICK_MS : TICK_MS;
      await this.#pause(longest * (0.75 + 0.25 * clock.random()));
      if (!signal.aborted) await this.#tick().catch((error: unknown) => onDefect(error));
    }
  }

  /** Resolves after `ms`, or at once after `stop`. A timer instead of `sleep`, because no call waits for its end. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.#options.clock.schedule(ms, end);
      signal.addEventListener("abort", end, { once: true });
    });
  }

  async #tick(): Promise<void> {
    const { clock, log } = this.#options;
    const { store } = log;
    for (const stream of log.owned.values()) stream.watchReaders();
    const steps = [
      () => this.#answered(store.check(), RENEW_TIMEOUT_MS),
      () => this.#tellOthers(),
      () => this.#answered(store.touchReaders(log.readElsewhere)),
      () => this.#hearCancels(),
      () => this.#answered(log.releaseAbandoned()),
      () => this.#adoptOrphans(),
      () => this.#reap(),
    ];
    let renewedAt = Number.NEGATIVE_INFINITY;
    let slowestMs = 0;
    let isClean = true;
    for (const step of steps) {
      try {
        // A store that is slow but answers must not cost the session.
        if (clock.now() - renewedAt >= TICK_MS) {
          slowestMs = Math.max(slowestMs, await this.#renew());
          renewedAt = clock.now();
        }
        await step();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        log.health.failed(error.trouble);
        this.#outage = error;
        isClean = false;
        // A store without room can still free some, and still answers reads.
        if (!answers(error.trouble)) return;
      }
    }
    if (!isClean) return;
    this.#outage = undefined;
    log.health.succeeded(slowestMs, log.settings.storeTimeoutMs);
  }

  async #tellOthers(): Promise<void> {
    const { log, snapshot } = this.#options;
    if (!log.store.capabilities.isShared) return;
    await this.#answered(log.store.putSnapshot(log.session, snapshot()));
  }

  /** Renews the session. Returns the time of the answer in milliseconds. */
  async #renew(): Promise<number> {
    const { clock, log } = this.#options;
    const { store, session, settings } = log;
    const askedAt = clock.now();
    await this.#answered(store.renewSession(session, settings.sessionTtlMs), RENEW_TIMEOUT_MS);
    return clock.now() - askedAt;
  }

  /** Finds cancels that arrived while a stream stored nothing. */
  async #hearCancels(): Promise<void> {
    const { clock, log } = this.#options;
    if (!log.store.capabilities.isShared) return;
    const idle = [...log.owned.values()].filter(
      ({ idleSince }) => clock.now() - idleSince >= IDLE_MS,
    );
    if (idle.length === 0) return;
    const streamIds = idle.map(({ streamId }) => streamId);
    const heads = await this.#answered(log.store.heads(streamIds));
    heads.forEach((head, position) => {
      if (head?.cancel !== undefined) idle[position]?.cancel(head.cancel);
    });
  }

  async #adoptOrphans(): Promise<void> {
    const { log, adopt, onTakeover, onDefect } = this.#options;
    const free = MAX_ADOPTIONS - this.#adopting;
    if (free <= 0 || !this.#mayAdopt) return;
    for (const stream of await this.#answered(log.store.orphans(free))) {
      if (log.owned.has(stream.streamId) || !this.#mayAdopt) continue;
      this.#adopting++;
      void adopt(stream)
        .then((result) => {
          if (result !== "left") onTakeover(stream, result);
        })
        .catch((error: unknown) => {
          if (!(error instanceof StoreUnavailable)) onDefect(error);
        })
        .finally(() => {
          this.#adopting--;
        });
    }
  }

  async #reap(): Promise<void> {
    const { clock, log, onReaped } = this.#options;
    if (clock.now() < this.#reapAt) return;
    this.#reapAt = clock.now() + this.#reapDelay();
    const { expired } = await this.#answered(log.store.reap(log.settings.tombstoneMs, REAP_LIMIT));
    // More streams may have expired. Otherwise streams that end faster than this limit would be kept for longer and
    // longer.
    if (expired >= REAP_LIMIT) this.#reapAt = clock.now();
    if (expired > 0) onReaped(expired);
  }

  #reapDelay(): number {
    return REAP_MS * (0.5 + this.#options.clock.random());
  }
}
