// The streams of the memory store, their indexes, and the bound on the memory of both.

import { expired } from "../stream-machine.ts";
import type { Batch, StreamRecord } from "../stream-record.ts";
import { DueStreams } from "./due-streams.ts";
import { NewestStreams } from "./newest-streams.ts";
import { PackedLog } from "./packed-log.ts";
import { RunningStreams } from "./running-streams.ts";
import { type Linked, StreamList } from "./stream-list.ts";

/** A stream. Only `MemoryStreams` changes it, because it also counts its memory. */
export interface MemoryStream extends Linked<MemoryStream> {
  record: StreamRecord;
  /** Undefined after expiry. */
  log: PackedLog | undefined;
  request: Uint8Array | undefined;
  /** Bytes counted for the stream. */
  held: number;
}

/** Measured memory in bytes that Node needs for a stream, a log, an array and a text beside their content. */
const STREAM_COST = 600;
/** Measured memory in bytes of a running stream's writer and of its watchers. */
const RUNNING_COST = 2_000;
const LOG_COST = 200;
const ARRAY_COST = 320;
const TEXT_COST = 24;
/** Bytes of a key: its own text and its place in a map. */
const KEY_COST = 72;

/** Part of the bound that expired streams can fill while other streams would have to be removed for them. */
const TOMBSTONES_SHARE = 1 / 8;

const LATIN1 = /^[\0-\xff]*$/;

/** If running streams take more than this part of the bound, no new stream is stored. */
const FULL_PART = 7 / 8;

export class MemoryStreams {
  readonly #maxBytes: number;
  readonly #byId = new Map<string, MemoryStream>();
  readonly #keys = new Map<string, string>();
  readonly #running = new RunningStreams<MemoryStream>();
  /** Ended streams with their events, and without them. The longest ago first. */
  readonly #ended = new StreamList<MemoryStream>();
  readonly #tombstones = new StreamList<MemoryStream>();
  readonly #newest = new NewestStreams<MemoryStream>(({ expiredAt }) => expiredAt === undefined);
  readonly #due: DueStreams<MemoryStream>;
  #held = 0;
  #heldByTombstones = 0;

  constructor(maxBytes: number, now: number) {
    this.#maxBytes = maxBytes;
    this.#due = new DueStreams(now);
  }

  /** Bytes of memory that all streams take, their records, keys and indexes included. */
  get held(): number {
    return this.#held;
  }

  /** Whether running streams leave no memory for new ones. */
  get isFull(): boolean {
    const isNothingEnded = this.#ended.first === undefined;
    return isNothingEnded && this.#held - this.#heldByTombstones > this.#maxBytes * FULL_PART;
  }

  get running(): Pick<RunningStreams<MemoryStream>, "behind" | "orphans"> {
    return this.#running;
  }

  get ended(): Iterable<MemoryStream> {
    return this.#ended;
  }

  get tombstones(): Iterable<MemoryStream> {
    return this.#tombstones;
  }

  get(streamId: string): MemoryStream | undefined {
    return this.#byId.get(streamId);
  }

  byKey(caller: string, requestId: string): MemoryStream | undefined {
    const streamId = this.#keys.get(keyOf(caller, requestId));
    return streamId === undefined ? undefined : this.#byId.get(streamId);
  }

  /** Streams that have not expired, the newest first. */
  behind(after: Pick<StreamRecord, "createdAt" | "streamId"> | undefined): Iterable<MemoryStream> {
    return this.#newest.behind(after);
  }

  /** Streams whose retention may be over. */
  due(now: number): Iterable<MemoryStream> {
    return this.#due.until(now);
  }

  /** Adds a new stream with its first event; false: running streams fill the bound. */
  add(record: StreamRecord, start: Batch, request: Uint8Array | undefined, now: number): boolean {
    const log = new PackedLog();
    const stream: MemoryStream = {
      record,
      log,
      request,
      held: 0,
      list: undefined,
      before: undefined,
      after: undefined,
    };
    if (!this.hasRoom(heldBy(stream) + log.growthOf(start), now)) return false;
    log.append(start);
    this.#byId.set(record.streamId, stream);
    if (record.requestId !== "") {
      this.#keys.set(keyOf(record.caller, record.requestId), record.streamId);
    }
    this.#running.add(stream);
    this.#newest.add(stream);
    this.#count(stream);
    return true;
  }

  /** Appends to a running stream. False: running streams fill the bound; the last event always fits. */
  append(stream: MemoryStream, after: StreamRecord, batch: Batch, now: number): boolean {
    const { log, record } = stream;
    if (log === undefined) return false;
    const hasEnded = after.phase !== "running";
    const isSame = after.progress === record.progress;
    const more = isSame ? 0 : sizeOfProgress(after) - sizeOfProgress(record);
    const growth = log.growthOf(batch) + more;
    if (growth > 0 && !this.hasRoom(growth, now) && !hasEnded) return false;
    log.append(batch);
    stream.record = after;
    if (hasEnded) {
      log.seal();
      if (!after.keepsRequest) stream.request = undefined;
      this.#ended.add(stream);
      this.#running.ended();
      this.#due.add(stream);
    }
    if (growth > 0 || hasEnded) this.#count(stream);
    return true;
  }

  /** Stores a change that affects neither the phase of a stream nor its size. */
  update(stream: MemoryStream, after: StreamRecord): void {
    const { owner, handedOff } = stream.record;
    stream.record = after;
    const isMoved = owner !== after.owner || handedOff !== after.handedOff;
    if (isMoved) this.#running.moved(stream);
  }

  /** Deletes the events of an ended stream; false: the stream runs, or its events are already deleted. */
  expire(stream: MemoryStream, now: number): boolean {
    const after = expired(stream.record, now);
    if (after === undefined) return false;
    this.#due.delete(stream);
    stream.record = after;
    stream.log = undefined;
    stream.request = undefined;
    this.#newest.left();
    this.#count(stream);
    this.#tombstones.add(stream);
    this.#heldByTombstones += stream.held;
    return true;
  }

  /** Forgets an expired stream. */
  remove(stream: MemoryStream): void {
    if (!this.#tombstones.delete(stream)) return;
    const { streamId, caller, requestId } = stream.record;
    const key = keyOf(caller, requestId);
    if (this.#keys.get(key) === streamId) this.#keys.delete(key);
    this.#byId.delete(streamId);
    this.#held -= stream.held;
    this.#heldByTombstones -= stream.held;
  }

  /**
   * Makes room for `bytes`: expires ended streams, the longest ago first, and removes tombstones if they exceed their
   * share or no ended stream is left. False: running streams fill the bound.
   */
  hasRoom(bytes: number, now: number): boolean {
    while (this.#held + bytes > this.#maxBytes) {
      const { first: tombstone } = this.#tombstones;
      const { first: ended } = this.#ended;
      const isShareFull = this.#heldByTombstones > this.#maxBytes * TOMBSTONES_SHARE;
      if (ended !== undefined && !(tombstone !== undefined && isShareFull)) this.expire(ended, now);
      else if (tombstone !== undefined) this.remove(tombstone);
      else return false;
    }
    return true;
  }

  #count(stream: MemoryStream): void {
    const held = heldBy(stream);
    this.#held += held - stream.held;
    stream.held = held;
  }
}

function keyOf(caller: string, requestId: string): string {
  return JSON.stringify([caller, requestId]);
}

function heldBy({ record, log, request }: MemoryStream): number {
  const { streamId, caller, requestId, fingerprint } = record;
  const key = requestId === "" ? 0 : KEY_COST + sizeOfText(caller) + sizeOfText(requestId);
  return (
    STREAM_COST +
    (record.phase === "running" ? RUNNING_COST : 0) +
    sizeOfText(streamId) +
    sizeOfText(caller) +
    sizeOfText(requestId) +
    sizeOfText(fingerprint) +
    key +
    sizeOfProgress(record) +
    (request === undefined ? 0 : ARRAY_COST + request.buffer.byteLength) +
    (log === undefined ? 0 : LOG_COST + log.held)
  );
}

function sizeOfProgress({ progress: { provider, details } }: StreamRecord): number {
  return ARRAY_COST + details.buffer.byteLength + sizeOfText(provider);
}

function sizeOfText(text: string): number {
  return TEXT_COST + text.length * (LATIN1.test(text) ? 1 : 2);
}
