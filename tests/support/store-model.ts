// The specification of a store in minimal form: records in a map, and the pure state machine.
import type { Cursor } from "../../src/domain/cursor.ts";
import {
  type AppendAnswer,
  append,
  cancelRequested,
  claim,
  created,
  expired,
  handedOff,
  isSameToken,
  repeated,
} from "../../src/streams/stream-machine.ts";
import { isCleanable, matches, newestFirst } from "../../src/streams/stream-query.ts";
import type {
  Batch,
  CancelReason,
  HandOffCause,
  NewStream,
  StreamRecord,
  WriterToken,
} from "../../src/streams/stream-record.ts";
import type { Append, CleanupQuery, ListQuery } from "../../src/streams/stream-store.ts";

interface ModelStream {
  record: StreamRecord;
  batches: Batch[];
  request: Uint8Array | undefined;
}

const TIMES = new Set(["now", "createdAt", "updatedAt", "deadlineAt", "readersSeenAt"]);

/** An answer without times and with bytes as text, for comparing a model with any store. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !TIMES.has(name));
  return Object.fromEntries(
    entries.map(([name, each]) =>
      name === "endedAt" || name === "expiredAt"
        ? [name, each !== undefined]
        : [name, comparable(each)],
    ),
  );
}

/** The answers of a store in which time stands still. */
export class StoreModel {
  readonly streams = new Map<string, ModelStream>();
  readonly sessions = new Set<string>();
  /** All tokens ever minted, by stream. */
  readonly tokens = new Map<string, WriterToken[]>();
  /** All appends ever sent. */
  readonly sent: Append[] = [];

  #answer(record: StreamRecord) {
    return { ...record, now: 0, isOwnerAlive: this.sessions.has(record.owner) };
  }

  #bound(caller: string, requestId: string): StreamRecord | undefined {
    for (const { record } of this.streams.values()) {
      const isKey = record.caller === caller && record.requestId === requestId;
      if (isKey && record.isBound && record.expiredAt === undefined) return record;
    }
    return undefined;
  }

  #mint(streamId: string, token: WriterToken): void {
    const tokens = this.tokens.get(streamId) ?? [];
    if (!tokens.some((known) => isSameToken(known, token))) tokens.push(token);
    this.tokens.set(streamId, tokens);
  }

  create(stream: NewStream): unknown {
    const known = this.streams.get(stream.streamId)?.record;
    if (known !== undefined) {
      return isSameToken(known.token, stream.token)
        ? { state: "created" }
        : { state: "exists", stream: this.#answer(known) };
    }
    const other = this.#bound(stream.caller, stream.requestId);
    const way = repeated(other, stream.fingerprint);
    if (way === "conflict") return { state: "conflict" };
    if (way === "join" && other !== undefined) {
      return { state: "exists", stream: this.#answer(other) };
    }
    const start = { first: 1, last: 1, writer: stream.token.nonce, events: [stream.start] };
    const record = created(stream, 0);
    this.streams.set(stream.streamId, { record, batches: [start], request: stream.request });
    this.#mint(stream.streamId, stream.token);
    return { state: "created" };
  }

  append(sent: Append): AppendAnswer & { readonly cancel?: CancelReason | undefined } {
    const { streamId, batch } = sent;
    const stream = this.streams.get(streamId);
    const bytes = batch.events.reduce((sum, { length }) => sum + length, 0);
    const step = { ...sent, first: batch.first, last: batch.last, bytes };
    const { answer, after } = append(stream?.record, step, 0);
    if (stream !== undefined && after !== undefined) {
      stream.record = after;
      stream.batches.push(batch);
      if (after.phase !== "running" && !after.keepsRequest) stream.request = undefined;
    }
    const isSuccess = answer.state === "stored" || answer.state === "repeated";
    return isSuccess ? { ...answer, cancel: stream?.record.cancel } : answer;
  }

  read(streamId: string, { sequence, writer }: Cursor, limit: number): unknown {
    const stream = this.streams.get(streamId);
    if (stream === undefined) return { state: "gone" };
    const { record, batches } = stream;
    const answer = this.#answer(record);
    if (record.expiredAt !== undefined) return { state: "expired", stream: answer };
    if (sequence > record.tail) return { state: "ahead", stream: answer };
    const holder = batches.find(({ first, last }) => first <= sequence && sequence <= last);
    if (writer !== 0 && holder !== undefined && holder.writer !== writer) {
      return { state: "diverged", stream: answer };
    }
    const behind = batches.filter(({ last }) => last > sequence);
    const hasMore = behind.length > limit;
    return { state: "read", stream: answer, batches: behind.slice(0, limit), hasMore };
  }

  claim(
    streamId: string,
    expectedEpoch: number,
    next: { readonly session: string; readonly nonce: number },
  ): unknown {
    const stream = this.streams.get(streamId);
    const isAlive = this.sessions.has(stream?.record.owner ?? "");
    const { answer, after } = claim(stream?.record, expectedEpoch, isAlive, next);
    if (stream === undefined || after === undefined) return answer;
    stream.record = after;
    this.#mint(streamId, after.token);
    return { ...answer, stream: this.#answer(after) };
  }

  handOff(streamId: string, token: WriterToken, cause: HandOffCause): boolean {
    const stream = this.streams.get(streamId);
    const after = handedOff(stream?.record, token, cause);
    if (stream === undefined || after === undefined) return false;
    stream.record = after;
    return true;
  }

  requestCancel(streamId: string, reason: CancelReason): unknown {
    const stream = this.streams.get(streamId);
    if (stream === undefined) return undefined;
    stream.record = cancelRequested(stream.record, reason);
    return this.#answer(stream.record);
  }

  head(streamId: string): unknown {
    const stream = this.streams.get(streamId);
    return stream && this.#answer(stream.record);
  }

  find(caller: string, requestId: string): unknown {
    const record = requestId === "" ? undefined : this.#bound(caller, requestId);
    return record && this.#answer(record);
  }

  loadRequest(streamId: string): Uint8Array | undefined {
    return this.streams.get(streamId)?.request;
  }

  /** In no particular order. */
  list(query: ListQuery): unknown[] {
    return Array.from(this.streams.values(), ({ record }) => this.#answer(record))
      .filter((stream) => stream.expiredAt === undefined && matches(stream, stream, query))
      .sort(newestFirst);
  }

  orphans(): unknown[] {
    return Array.from(this.streams.values(), ({ record }) => this.#answer(record)).filter(
      ({ phase, handedOff, isOwnerAlive }) => phase === "running" && (handedOff || !isOwnerAlive),
    );
  }

  cleanup(query: CleanupQuery): unknown {
    const result = { matched: 0, deleted: 0, skipped: 0, freedBytes: 0, truncated: false };
    for (const stream of this.streams.values()) {
      const { record } = stream;
      if (record.phase === "running") result.skipped++;
      if (record.expiredAt !== undefined || !isCleanable(record, query, 0)) continue;
      result.matched++;
      result.freedBytes += record.bytes;
      if (query.dryRun) continue;
      result.deleted++;
      stream.record = expired(record, 0) ?? record;
      stream.batches = [];
      stream.request = undefined;
    }
    return result;
  }

  dropTombstones(): void {
    for (const [streamId, { record }] of this.streams) {
      if (record.expiredAt !== undefined) this.streams.delete(streamId);
    }
  }
}
