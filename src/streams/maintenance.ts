// What a replica does for its streams all the time: shows that it lives, hears
// cancels, takes over what others have lost, removes what is past its time.
import type { Clock } from "../clock.ts";
import { within } from "../store/store-health.ts";
import { StoreProblem } from "../store/store-problem.ts";
import { answers } from "../store/store-trouble.ts";
import { ignoreOutage, StoreUnavailable } from "../store/store-unavailable.ts";
import type { StreamLog } from "./stream-log.ts";
import type { StoredStream } from "./stream-store.ts";

const TICK_MS = 1_000;
/** While the store is away, its return is noticed sooner. */
const DOWN_TICK_MS = 250;
/** How long a start waits for the store; then it goes on without. */
const FIRST_CONTACT_MS = 1_000;
const FIRST_CONTACT_RETRY_MS = 50;
/** Longest wait for a sign of life, and for an answer that may be long. */
const RENEW_TIMEOUT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 3_000;
/** A stream that has stored nothing for this long may not have heard of a cancel. */
const IDLE_MS = 2_000;
/** Orphans that one replica takes at a time: a lost replica must not become a burst of calls. */
const MAX_ADOPTIONS = 16;
const REAP_MS = 30_000;
const REAP_LIMIT = 500;

export interface MaintenanceOptions {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly adopt: (stream: StoredStream) => Promise<"taken" | "ended" | "left">;
  readonly onTakeover: (stream: StoredStream, result: "taken" | "ended") => void;
  readonly onReaped: (expired: number) => void;
  /** What no outage explains: it must not end the session, which other streams live by. */
  readonly onDefect: (error: unknown) => void;
  /** What other replicas are told of this one. */
  readonly snapshot: () => Uint8Array;
}

export class StreamMaintenance {
  readonly #options: MaintenanceOptions;
  readonly #stop = new AbortController();
  #adopting = 0;
  #mayAdopt = true;
  #reapAt: number;
  #loop: Promise<void> | undefined;
  /** Of the last look at the store, if it failed. */
  #outage: StoreUnavailable | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#reapAt = options.clock.now() + this.#reapDelay();
  }

  /**
   * Opens the session, then goes on until `stop`; the service starts without its store. Rejects
   * with a `StoreProblem` that no waiting ends.
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

  /** Leaves orphans to other replicas from now on. */
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

  /** Nobody waits for the end of it: a timer, and no sleep of a call. */
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
        // A store that is slow, and not away, must not cost the session.
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
        // A store without room can still make some, and says what it has.
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

  /** How long it took, in milliseconds. */
  async #renew(): Promise<number> {
    const { clock, log } = this.#options;
    const { store, session, settings } = log;
    const askedAt = clock.now();
    await this.#answered(store.renewSession(session, settings.sessionTtlMs), RENEW_TIMEOUT_MS);
    return clock.now() - askedAt;
  }

  /** Cancels that came while a stream stored nothing. */
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
    // There are more: streams that end faster than that would be kept for longer and longer.
    if (expired >= REAP_LIMIT) this.#reapAt = clock.now();
    if (expired > 0) onReaped(expired);
  }

  #reapDelay(): number {
    return REAP_MS * (0.5 + this.#options.clock.random());
  }
}
