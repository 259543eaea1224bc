// Stored streams for the gateway: begin, join, follow, cancel, take over.
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { DisconnectPolicy } from "../domain/stream-options.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { type StoreHealth, within } from "../store/store-health.ts";
import { answers } from "../store/store-trouble.ts";
import { ignoreOutage, StoreUnavailable } from "../store/store-unavailable.ts";
import { AbandonedStreams } from "./abandoned-streams.ts";
import { ControlChannel, type ControlMessage } from "./control-channel.ts";
import { EndedStreams } from "./ended-streams.ts";
import { OwnedStream } from "./owned-stream.ts";
import { StreamBus } from "./stream-bus.ts";
import { goesOnElsewhere, requestIdReused, writerLost } from "./stream-errors.ts";
import { isMovable } from "./stream-machine.ts";
import type { StreamObserver } from "./stream-observer.ts";
import { isRead, StreamReader } from "./stream-reader.ts";
import type { ReaderOptions } from "./stream-reader-options.ts";
import type { CancelReason, NewStream, StreamRecord, WriterToken } from "./stream-record.ts";
import type { StreamSettings } from "./stream-settings.ts";
import type { StoredStream, StreamStore } from "./stream-store.ts";
import { StreamWriter } from "./stream-writer.ts";
import { type UnusedStreamOptions, unusedStream } from "./unused-stream.ts";

/** Longest wait in milliseconds for an answer that no call waits for. */
const ANSWER_TIMEOUT_MS = 2_000;

export interface StreamLogOptions {
  readonly store: StreamStore;
  /** Health of the store's engine, which all tenants share. */
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly settings: () => StreamSettings;
  /** Identifies this process, to tell its readers and writers from those of others. */
  readonly session: string;
  /** Random, 32 bits, never 0. */
  readonly newNonce: () => number;
  readonly isTerminal: (event: Uint8Array) => boolean;
  readonly observer: StreamObserver;
}

/** The generation behind a stream, as the log needs it. */
export interface StreamHooks {
  readonly disconnect: DisconnectPolicy;
  /** Ends the generation. */
  readonly stop: (error: GatewayError) => void;
}

export type BeginHooks = StreamHooks & Pick<UnusedStreamOptions, "endUnstarted">;

export type Begun =
  | { readonly state: "created"; readonly stream: OwnedStream }
  /** The idempotency key is bound to a stream with the same request. */
  | { readonly state: "joined"; readonly stream: StoredStream }
  /** Nothing is stored: the store is away, or has not answered in time. */
  | { readonly state: "unavailable"; readonly isLate: boolean };

/** A stream that this process will write. */
interface Writable extends Pick<StreamRecord, "streamId" | "token" | "tail" | "canMove"> {
  /** Undefined: another process has created the stream. */
  readonly created: NewStream | undefined;
}

export class StreamLog {
  readonly store: StreamStore;
  readonly health: StoreHealth;
  readonly control: ControlChannel;
  readonly bus = new StreamBus();
  readonly #options: StreamLogOptions;
  readonly #owned = new Map<string, OwnedStream>();
  readonly #abandoned: AbandonedStreams;
  readonly #ended = new EndedStreams();
  /** Local readers of streams that other replicas write, by stream. */
  readonly #readers = new Map<string, Set<StreamReader>>();

  constructor(options: StreamLogOptions) {
    this.#options = options;
    this.store = options.store;
    this.health = options.health;
    const { store, session } = options;
    this.#abandoned = new AbandonedStreams(options.clock);
    this.control = new ControlChannel({ store, session, isStoreDown: () => this.health.isDown });
    this.control.on("cancel", (message) => this.#hearCancel(message));
  }

  get settings(): StreamSettings {
    return this.#options.settings();
  }

  get session(): string {
    return this.#options.session;
  }

  /** Streams that this process writes. */
  get owned(): ReadonlyMap<string, OwnedStream> {
    return this.#owned;
  }

  newToken(): WriterToken {
    return { epoch: 1, nonce: this.#options.newNonce() };
  }

  /** Stores the beginning of a stream. Throws `GatewayError` if the key belongs to another request. */
  async begin(stream: NewStream, hooks: BeginHooks): Promise<Begun> {
    let isAsked = false;
    const unused = unusedStream({ ...hooks, ...this.#options, stream });
    const answer = await this.health.admit(
      this.settings.storeTimeoutMs,
      () => {
        isAsked = true;
        return this.store.create(stream);
      },
      (late) => {
        // If the store is away again, the background work continues this step.
        if (late.state === "created") unused.end().catch(ignoreOutage);
      },
    );
    switch (answer?.state) {
      case "created":
        return {
          state: "created",
          stream: this.#own(
            { ...stream, tail: 1, canMove: isMovable(stream), created: stream },
            hooks,
          ),
        };
      case "exists":
        return { state: "joined", stream: answer.stream };
      case "conflict":
        throw requestIdReused();
      case undefined:
        // The store may still store the stream, now or later.
        if (isAsked) this.#abandoned.add(stream.streamId, unused);
        if (this.settings.durability === "required") throw storeUnavailable();
        return { state: "unavailable", isLate: !this.health.isDown };
    }
  }

  /** The stream of an idempotency key; undefined: the key is free, or the store is away. */
  async find(
    caller: string,
    requestId: string,
    fingerprint: string,
  ): Promise<StoredStream | undefined> {
    const found = await this.health.look(this.settings.storeTimeoutMs, () =>
      this.store.find(caller, requestId),
    );
    if (found !== undefined && found.fingerprint !== fingerprint) throw requestIdReused();
    return found;
  }

  /** Takes over a stream; undefined: another replica owns it. */
  async claim(
    stream: StoredStream,
    hooks: StreamHooks,
  ): Promise<{ readonly owned: OwnedStream; readonly record: StreamRecord } | undefined> {
    const { streamId, token } = stream;
    const next = { session: this.session, nonce: this.#options.newNonce() };
    const answer = await this.store.claim(streamId, token.epoch, next).catch((error: unknown) => {
      this.#abandoned.add(streamId);
      throw error;
    });
    if (answer.state !== "claimed") return undefined;
    const record = answer.stream;
    const owned = this.#own({ ...record, streamId, created: undefined }, hooks);
    return { owned, record };
  }

  /**
   * Creates a reader, which counts as present until `follow` ends. Throws `GatewayError` if the stream has too many
   * readers.
   */
  reader(
    options: Pick<
      ReaderOptions,
      "streamId" | "cursor" | "signal" | "deadline" | "heartbeatMs" | "watch"
    >,
    /**
     * A reader that waits only for the end costs no more than its call. The bound of readers is for those that
     * receive deliveries.
     */
    isWhole = false,
  ): StreamReader {
    const { streamId } = options;
    const readers = this.#readers.get(streamId) ?? new Set();
    if (!isWhole && readers.size >= this.settings.maxReaders) {
      throw new GatewayError("caller-limit", `the stream has ${readers.size} readers already`, {
        reason: "STREAM_READERS",
      });
    }
    const { clock, isTerminal, observer } = this.#options;
    const reader = new StreamReader({
      ...options,
      store: this.store,
      bus: this.bus,
      clock,
      isTerminal,
      isLocal: () => this.#owned.has(streamId),
      onListen: () => this.#owned.get(streamId)?.showAgain(),
      onFill: (cause) => observer.filled(cause),
      onLeave: () => {
        if (!readers.delete(reader)) return;
        observer.readers(-1);
        if (readers.size === 0 && this.#readers.get(streamId) === readers) {
          this.#readers.delete(streamId);
        }
        this.#owned.get(streamId)?.leave(reader);
      },
    });
    readers.add(reader);
    observer.readers(1);
    this.#readers.set(streamId, readers);
    this.#owned.get(streamId)?.enter(reader);
    return reader;
  }

  /** Number of readers of a stream at this replica. */
  readerCount(streamId: string): number {
    return this.#readers.get(streamId)?.size ?? 0;
  }

  /** Streams of other replicas that have readers here. */
  get readElsewhere(): readonly string[] {
    return [...this.#readers]
      .filter(([streamId, readers]) => !this.#owned.has(streamId) && isRead(readers))
      .map(([streamId]) => streamId);
  }

  /**
   * Requests the end of a stream. Returns the state afterwards, or undefined if the stream is gone. Throws
   * `GatewayError` if the store does not answer.
   */
  async requestCancel(
    streamId: string,
    reason: CancelReason,
    /** An operator's explanation. */
    note = "",
  ): Promise<StoredStream | undefined> {
    const here = this.#owned.get(streamId);
    if (here !== undefined) here.note = note;
    // The owner may see the mark at once, so the note must arrive before the mark.
    else if (note !== "") await this.control.send({ type: "cancel", streamId, note });
    const stream = await this.#within(this.store.requestCancel(streamId, reason)).catch(
      (error: unknown) => {
        throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
      },
    );
    const owned = this.#owned.get(streamId);
    if (owned !== undefined) owned.cancel(stream?.cancel ?? reason);
    // Only a hint: the owner also sees the mark in the store.
    else if (stream?.phase === "running") {
      await this.control.send({ type: "cancel", streamId, note });
    }
    return stream;
  }

  #hearCancel(message: Extract<ControlMessage, { type: "cancel" }>): void {
    const owned = this.#owned.get(message.streamId);
    if (owned === undefined) return;
    owned.note = message.note;
    void Promise.resolve(this.store.heads([message.streamId])).then(
      ([stream]) => {
        if (stream?.cancel !== undefined) owned.cancel(stream.cancel);
      },
      () => {},
    );
  }

  /**
   * Hands movable streams to other replicas; the others stay. Local readers of other replicas' streams are told to
   * continue elsewhere too.
   */
  async handOffAll(): Promise<void> {
    const movable = [...this.#owned.values()].filter(({ canMove }) => canMove);
    const error = goesOnElsewhere();
    for (const streamId of this.readElsewhere) this.bus.publish(streamId, { type: "over", error });
    for (const stream of movable) stream.leaveToOthers();
    const handOffs = movable.map(({ streamId, token }) =>
      this.#within(this.store.handOff(streamId, token, "planned")),
    );
    // Other replicas find the remaining streams when this session ends.
    await Promise.allSettled(handOffs);
  }

  /**
   * Restores ends that the store has lost, and lets others continue streams that this process owns in the record
   * only.
   */
  async releaseAbandoned(): Promise<void> {
    await this.#ended.heal(this.store, this.#options.clock.now());
    await this.#abandoned.release(this.store, this.session, this.#owned);
  }

  #own({ streamId, token, tail, canMove, created }: Writable, hooks: StreamHooks): OwnedStream {
    const { clock, observer, store } = this.#options;
    const { durability, maxBytes, maxEvents } = this.settings;
    const isRequired = durability === "required";
    const writer = new StreamWriter({
      store,
      bus: this.bus,
      clock,
      streamId,
      token,
      tail,
      created,
      showUnstoredAfterMs: isRequired ? undefined : SHOW_UNSTORED_AFTER_MS,
      giveUpAfterMs: isRequired ? GIVE_UP_AFTER_MS : Number.POSITIVE_INFINITY,
      maxBytes,
      maxEvents,
      onCancel: (reason) => owned.cancel(reason),
      onFull: () => {
        const message = "the stream is longer than the store takes";
        hooks.stop(new GatewayError("stream-limit", message));
      },
      onOutage: (trouble) => {
        // The background work detects whether the store is unreachable and notices its return.
        if (answers(trouble)) this.health.failed(trouble);
      },
      onLoss: (loss) => {
        observer.lost(loss);
        this.#abandoned.add(streamId);
        const error = writerLost(loss);
        hooks.stop(error);
        // No replica continues the stream while the store accepts nothing.
        const isOver = loss === "unavailable" || (loss === "lost" && this.health.isDown);
        if (isOver) this.bus.publish(streamId, { type: "over", error });
      },
      onAppended: (result, events, waitedMs) => observer.appended(result, events, waitedMs),
    });
    const owned = new OwnedStream(
      {
        clock,
        bus: this.bus,
        streamId,
        token,
        canMove: canMove && store.capabilities.isShared,
        disconnect: hooks.disconnect,
        stop: hooks.stop,
        remotelyReadAgo: () => this.#remotelyReadAgo(streamId),
      },
      writer,
    );
    this.#owned.set(streamId, owned);
    observer.created();
    for (const reader of this.#readers.get(streamId) ?? []) owned.enter(reader);
    void writer.ended.then((ending) => {
      observer.ended(ending?.phase ?? "left");
      if (this.#owned.get(streamId) === owned) this.#owned.delete(streamId);
      this.bus.publish(streamId, { type: "left" });
      if (store.capabilities.durability !== "process") this.#abandoned.addEnded(streamId);
      if (ending !== undefined && store.capabilities.isShared) this.#ended.add(owned, clock.now());
    });
    return owned;
  }

  async #remotelyReadAgo(streamId: string): Promise<number> {
    if (!this.store.capabilities.isShared) return Number.POSITIVE_INFINITY;
    const [stream] = await this.#within(this.store.heads([streamId]));
    return stream === undefined ? Number.POSITIVE_INFINITY : stream.now - stream.readersSeenAt;
  }

  async #within<T>(answer: T | Promise<T>): Promise<T> {
    return within(this.#options.clock, ANSWER_TIMEOUT_MS, answer);
  }
}

/**
 * Milliseconds that a running stream waits for the store before its events are shown unstored, or before it is given
 * up.
 */
const SHOW_UNSTORED_AFTER_MS = 2_000;
const GIVE_UP_AFTER_MS = 10_000;
