import type { Clock } from "../clock.ts";
import { within } from "../store/store-health.ts";
import { ignoreOutage } from "../store/store-unavailable.ts";
import { CallerIndex } from "./caller-index.ts";
import { parseName } from "./caller-records.ts";
import type { CallerRegistry } from "./caller-registry.ts";
import type { CallerStore, FeedPage } from "./caller-store.ts";
import type { KeyUses } from "./key-uses.ts";
import { type Before, type Revoked, revokedSince } from "./revoked.ts";

/** How often the feed is read, whatever is heard of it: each change holds within a second. */
const POLL_MS = 500;
/** Shortest pause between two reads that calls with unknown keys cause: a flood of them costs ten reads a second. */
const UNKNOWN_KEY_MS = 100;
const PAGE = 500;
/** Longest wait for one answer of the store. */
const ANSWER_MS = 3_000;
/** Most pages of one look, so that a feed that is written all the time ends it nevertheless. */
const MAX_PAGES = 1_000;
/** How often uses of keys are written. */
const USES_MS = 10_000;

/**
 * The page follows what the index holds. A store that was emptied, or put back to an earlier state, has another feed
 * or an older version.
 */
function isContinued({ position }: CallerIndex, { feed, version, forgotten }: FeedPage): boolean {
  const isSame = feed === position.feed && version >= position.version;
  return isSame && forgotten <= position.version;
}

export interface CallerFeedOptions {
  readonly store: CallerStore;
  readonly registry: CallerRegistry;
  readonly uses: KeyUses;
  readonly clock: Clock;
  readonly onRevoked: (revoked: Revoked) => void;
  /** The first key was made, or the last one deleted. */
  readonly onHolders: () => void;
  /** Is told of each failure that no outage explains. */
  readonly onDefect: (error: unknown) => void;
}

/** Follows what the replicas write of callers, and keeps the registry by it. */
export class CallerFeed {
  readonly #options: CallerFeedOptions;
  #look: Promise<void> | undefined;
  /** The next look, which begins when the one that runs has ended. */
  #nextLook: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #cancelAsk: (() => void) | undefined;
  #cancelPoll = (): void => {};
  #usesAt: number;
  #isStopped = false;
  #hadKeys = false;

  constructor(options: CallerFeedOptions) {
    this.#options = options;
    this.#usesAt = options.clock.now() + USES_MS;
    options.registry.onUnknownKey(() => this.#ask());
  }

  /** Reads the feed, then follows it until `stop`. Resolves without the store too. */
  async start(): Promise<void> {
    await this.#poll();
  }

  /** Resolves when a read that began after now has come into the registry. Rejects with `StoreUnavailable`. */
  refresh(): Promise<void> {
    if (this.#look === undefined) return this.#begin();
    this.#nextLook ??= this.#look
      .catch(() => {})
      .then(() => {
        this.#nextLook = undefined;
        return this.#begin();
      });
    return this.#nextLook;
  }

  /** Another replica has changed something. */
  hear(): void {
    if (!this.#isStopped) this.#refreshSoon();
  }

  /** Writes the last uses, and reads no more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelPoll();
    this.#cancelAsk?.();
    await this.#look?.catch(() => {});
    await this.#writeUses();
  }

  #begin(): Promise<void> {
    const look = this.#read().finally(() => {
      if (this.#look === look) this.#look = undefined;
    });
    this.#look = look;
    return look;
  }

  #refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.#note(error));
  }

  #note(error: unknown): void {
    try {
      ignoreOutage(error);
    } catch (defect) {
      this.#options.onDefect(defect);
    }
  }

  /** At most one read in `UNKNOWN_KEY_MS`, and one at a time. */
  #ask(): void {
    const { clock } = this.#options;
    if (this.#isStopped || this.#cancelAsk !== undefined || this.#nextLook !== undefined) return;
    const waitMs = Math.max(0, this.#askedAt + UNKNOWN_KEY_MS - clock.now());
    this.#cancelAsk = clock.schedule(waitMs, () => {
      this.#cancelAsk = undefined;
      this.#askedAt = clock.now();
      this.#refreshSoon();
    });
  }

  async #poll(): Promise<void> {
    const { clock, store } = this.#options;
    const isRead = await this.refresh().then(
      () => true,
      (error: unknown) => {
        this.#note(error);
        return false;
      },
    );
    if (clock.now() >= this.#usesAt) {
      this.#usesAt = clock.now() + USES_MS;
      await this.#writeUses();
    }
    if (this.#isStopped) return;
    const pauseMs = store.capabilities.isShared || !isRead ? POLL_MS : USES_MS;
    this.#cancelPoll = clock.schedule(pauseMs, () => void this.#poll());
  }

  async #writeUses(): Promise<void> {
    const { clock, store, uses } = this.#options;
    const written = within(clock, ANSWER_MS, uses.write(store));
    await Promise.resolve(written).catch((error: unknown) => this.#note(error));
  }

  async #page(after: number): Promise<FeedPage> {
    const { clock, store } = this.#options;
    return within(clock, ANSWER_MS, store.changes(after, PAGE));
  }

  async #read(): Promise<void> {
    const known = this.#options.registry.index;
    const first = await this.#page(known.position.version);
    if (isContinued(known, first)) await this.#follow(known, first);
    else await this.#readAll(known);
  }

  /** Applies what has come since the index was confirmed. */
  async #follow(index: CallerIndex, first: FeedPage): Promise<void> {
    const callers: string[] = [];
    const keys: [string, string][] = [];
    let page = first;
    for (let pages = 1; isContinued(index, page); pages++) {
      for (const record of page.records) {
        const name = parseName(record.name);
        if (name?.kind === "caller") callers.push(name.id);
        const key = name?.kind === "key" ? index.keys.get(name.id) : undefined;
        if (key !== undefined) keys.push([key.prefix, key.caller]);
      }
      this.#apply(index, page);
      if (page.records.length < PAGE || pages === MAX_PAGES)
        return this.#take({ callers, keys }, index);
      page = await this.#page(index.position.version);
    }
    this.#take({ callers, keys }, index);
    await this.#readAll(index);
  }

  /** The registry goes by this index from now on. */
  #take(before: Before, index: CallerIndex): void {
    const { clock, registry, store, onRevoked, onHolders } = this.#options;
    // Nobody else changes a store of this process: what was read once holds.
    registry.confirm(index, store.capabilities.isShared ? clock.now() : Number.POSITIVE_INFINITY);
    const hasKeys = index.keys.size > 0;
    if (hasKeys !== this.#hadKeys) onHolders();
    this.#hadKeys = hasKeys;
    const revoked = revokedSince(before, index);
    if (revoked.callers.length + revoked.keys.length > 0) onRevoked(revoked);
  }

  /** Reads the feed from its beginning into an index of its own. */
  async #readAll(known: CallerIndex): Promise<void> {
    let index = new CallerIndex();
    let begun: FeedPage | undefined;
    for (let pages = 1; pages <= MAX_PAGES; pages++) {
      const page = await this.#page(index.position.version);
      begun ??= page;
      if (page.feed !== begun.feed || page.forgotten !== begun.forgotten) {
        // A tombstone of a record that was read may be gone.
        index = new CallerIndex();
        begun = undefined;
        continue;
      }
      this.#apply(index, page);
      if (page.records.length < PAGE) break;
    }
    const keys = Array.from(known.keys.values(), ({ prefix, caller }) => [prefix, caller] as const);
    this.#take({ callers: known.callers.keys(), keys }, index);
  }

  #apply(index: CallerIndex, { feed, version, records }: FeedPage): void {
    for (const record of records) index.apply(record);
    const last = records.at(-1)?.version ?? index.position.version;
    // The last versions can be those of records that were changed again, or forgotten.
    index.position = { feed, version: records.length < PAGE ? Math.max(last, version) : last };
  }
}
