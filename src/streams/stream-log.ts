// Stored streams as the gateway sees them: begin, join, follow, cancel, take over.
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
import { isRead, type ReaderOptions, StreamReader } from "./stream-reader.ts";
import type { CancelReason, NewStream, StreamRecord, WriterToken } from "./stream-record.ts";
import type { StreamSettings } from "./stream-settings.ts";
import type { StoredStream, StreamStore } from "./stream-store.ts";
import { StreamWriter } from "./stream-writer.ts";
import { type UnusedStreamOptions, unusedStream } from "./unused-stream.ts";

/** Longest wait for an answer that no call waits for. */
const ANSWER_TIMEOUT_MS = 2_000;

export interface StreamLogOptions {
  readonly store: StreamStore;
  /** Of the store's engine: one for all of its tenants. */
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly settings: () => StreamSettings;
  /** Of this process: readers and writers are told apart by it. */
  readonly session: string;
  /** Random, 32 bits, never 0. */
  readonly newNonce: () => number;
  readonly isTerminal: (event: Uint8Array) => boolean;
  readonly observer: StreamObserver;
}

/** What the generation behind a stream has to be told. */
export interface StreamHooks {
  readonly disconnect: DisconnectPolicy;
  /** Ends the generation. */
  readonly stop: (error: GatewayError) => void;
}

export type BeginHooks = StreamHooks & Pick<UnusedStreamOptions, "endUnstarted">;

export type Begun =
  | { readonly state: "created"; readonly stream: OwnedStream }
  /** The idempotency key leads to a stream that asks for the same. */
  | { readonly state: "joined"; readonly stream: StoredStream }
  /** Nothing is stored: the store is away, or has not answered in time. */
  | { readonly state: "unavailable"; readonly isLate: boolean };

/** A stream that this process is to write. */
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
  /** Readers here of streams that other replicas write, by stream. */
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

  /** Stores the beginning of a stream. Throws `GatewayError` where the key means something else. */
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
        // Where the store is away again the background work goes on with it.
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
        // It may be stored nevertheless, now or later.
        if (isAsked) this.#abandoned.add(stream.streamId, unused);
        if (this.settings.durability === "required") throw storeUnavailable();
        return { state: "unavailable", isLate: !this.health.isDown };
    }
  }

  /** The stream of an idempotency key; undefined: free, or the store is away. */
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

  /** Takes a stream over; undefined: another replica has it. */
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

  /** A reader; it is present from now to the end of `follow`. Throws `GatewayError` where there are too many. */
  reader(
    options: Pick<
      ReaderOptions,
      "streamId" | "cursor" | "signal" | "deadline" | "heartbeatMs" | "watch"
    >,
    /** It waits for the end alone, and costs no more than its call: the bound is for deliveries. */
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

  /** Readers of a stream at this replica. */
  readerCount(streamId: string): number {
    return this.#readers.get(streamId)?.size ?? 0;
  }

  /** Streams of other replicas that are read here. */
  get readElsewhere(): readonly string[] {
    return [...this.#readers]
      .filter(([streamId, readers]) => !this.#owned.has(streamId) && isRead(readers))
      .map(([streamId]) => streamId);
  }

  /** Asks for the end of a stream; its state afterwards, undefined where it is gone; throws `GatewayError` without an answer. */
  async requestCancel(
    streamId: string,
    reason: CancelReason,
    /** What the operator says to it. */
    note = "",
  ): Promise<StoredStream | undefined> {
    const here = this.#owned.get(streamId);
    if (here !== undefined) here.note = note;
    // The owner may see the mark at once: what is said to it must be there before.
    else if (note !== "") await this.control.send({ type: "cancel", streamId, note });
    const stream = await this.#within(this.store.requestCancel(streamId, reason)).catch(
      (error: unknown) => {
        throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
      },
    );
    const owned = this.#owned.get(streamId);
    if (owned !== undefined) owned.cancel(stream?.cancel ?? reason);
    // A hint only: the owner sees the mark in the store as well.
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
   * Lets other replicas go on with the streams that can; the others stay. Readers of streams that other
   * replicas write go on there as well.
   */
  async handOffAll(): Promise<void> {
    const movable = [...this.#owned.values()].filter(({ canMove }) => canMove);
    const error = goesOnElsewhere();
    for (const streamId of this.readElsewhere) this.bus.publish(streamId, { type: "over", error });
    for (const stream of movable) stream.leaveToOthers();
    const handOffs = movable.map(({ streamId, token }) =>
      this.#within(this.store.handOff(streamId, token, "planned")),
    );
    // What cannot be handed off is found by others when this session ends.
    await Promise.allSettled(handOffs);
  }

  /** Gives back ends that the store has lost; others go on with what this process owns by name only. */
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
        // That a store is out of reach is found by the background work, which also sees its return.
        if (answers(trouble)) this.health.failed(trouble);
      },
      onLoss: (loss) => {
        observer.lost(loss);
        this.#abandoned.add(streamId);
        const error = writerLost(loss);
        hooks.stop(error);
        // Nobody goes on with it as long as the store takes nothing.
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

/** How long a running stream waits for the store: shown unstored after it, or given up. */
const SHOW_UNSTORED_AFTER_MS = 2_000;
const GIVE_UP_AFTER_MS = 10_000;
