// Streams as stores keep them, in short form and with distinct values in every field.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach } from "vitest";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import type {
  Batch,
  Ending,
  NewStream,
  StreamProgress,
  WriterToken,
} from "../../src/streams/stream-record.ts";
import type {
  Append,
  CleanupQuery,
  ListQuery,
  StreamStore,
} from "../../src/streams/stream-store.ts";
import type { OpenedStore, StoreUnderTest } from "./stores.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const encode = (text: string): Uint8Array => encoder.encode(text);

export const success: Ending = { phase: "completed", freesKey: false };
export const failure: Ending = { phase: "failed", freesKey: true };

export const beginning = { sequence: 0, writer: 0 };

/** Longer than any test whose store uses real time. */
export const LONG_MS = 3_600_000;

let created = 0;

export function newStream(overrides: Partial<NewStream> = {}): NewStream {
  created++;
  return {
    streamId: `s.stream-${created}`,
    token: { epoch: 1, nonce: 1_000 + created },
    session: "session-a",
    caller: "caller-a",
    requestId: "",
    fingerprint: "generate hello",
    start: encode(`start of ${created}`),
    request: encode(`request of ${created}`),
    retentionMs: LONG_MS,
    totalMs: 600_000,
    progress: progressOf("provider-a"),
    ...overrides,
  };
}

export function progressOf(provider: string, details = "details"): StreamProgress {
  return { provider, details: encode(details) };
}

/** Events that contain their sequence and writer. */
export function batchOf(first: number, last: number, writer: number): Batch {
  const events = Array.from({ length: last - first + 1 }, (_, index) =>
    encode(`event ${first + index} of ${writer}`),
  );
  return { first, last, writer, events };
}

/** Events `first` to `last` of the stream by its first writer. */
export function appendTo(
  { streamId, token }: { readonly streamId: string; readonly token: WriterToken },
  first: number,
  last: number,
  overrides: Partial<Append> = {},
): Append {
  const writer = (overrides.token ?? token).nonce;
  return {
    streamId,
    token,
    batch: batchOf(first, last, writer),
    firstContent: 0,
    ending: undefined,
    progress: undefined,
    ...overrides,
  };
}

/** The state in a store's answer, or the cause for which it accepts nothing. */
export async function stateOf(ask: () => unknown): Promise<string> {
  try {
    return ((await ask()) as { readonly state: string }).state;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return error.trouble.cause;
  }
}

export function listQuery(overrides: Partial<ListQuery> = {}): ListQuery {
  const everything = { phases: [], provider: "", caller: "", olderThanMs: 0 };
  return { ...everything, limit: 100, after: undefined, ...overrides };
}

export function cleanupQuery(overrides: Partial<CleanupQuery> = {}): CleanupQuery {
  return { phases: [], olderThanMs: 0, limit: 100, dryRun: false, ...overrides };
}

/** Batches in comparable form, whatever the class of their bytes. */
export function readable(batches: readonly Batch[]): unknown[] {
  return batches.map(({ first, last, writer, events }) => ({
    first,
    last,
    writer,
    events: events.map((event) => decoder.decode(event)),
  }));
}

/** The whole log of a stream, event by event. */
export async function logOf(store: StreamStore, streamId: string): Promise<string[]> {
  const answer = await store.read(streamId, beginning, 10_000);
  if (answer.state !== "read") return [answer.state];
  return answer.batches.flatMap(({ events }) => events.map((event) => decoder.decode(event)));
}

/** A store for a test; each test has a fresh one. */
export interface StoreInTest {
  readonly store: StreamStore;
  readonly opened: OpenedStore;
  /** Lets the store's time pass. */
  wait(ms: number): Promise<void>;
  /** Creates a stored stream with an open session. */
  create(overrides?: Partial<NewStream>): Promise<NewStream>;
  /** Creates an ended stream: a start and its last event. */
  createEnded(overrides?: Partial<NewStream>, ending?: Ending): Promise<NewStream>;
  /** Changes the owner, as after the owner's death. */
  takeOver(stream: NewStream, epoch: number, nonce: number): Promise<WriterToken>;
}

async function openInTest(under: StoreUnderTest): Promise<StoreInTest> {
  const opened = await under.open();
  const { store, advance } = opened;
  await store.openSession("session-a", LONG_MS);
  await store.openSession("session-b", LONG_MS);
  const create = async (overrides: Partial<NewStream> = {}): Promise<NewStream> => {
    const stream = newStream(overrides);
    const answer = await store.create(stream);
    if (answer.state !== "created") throw new Error(`the stream is not created: ${answer.state}`);
    return stream;
  };
  return {
    store,
    opened,
    wait: async (ms) => void (await (advance === undefined ? sleep(ms) : advance(ms))),
    create,
    async createEnded(overrides, ending = success) {
      const stream = await create(overrides);
      await store.append(appendTo(stream, 2, 2, { ending }));
      return stream;
    },
    async takeOver(stream, epoch, nonce) {
      const token = { epoch, nonce: stream.token.nonce };
      await store.handOff(stream.streamId, token, "planned");
      await store.claim(stream.streamId, epoch, { session: "session-b", nonce });
      return { epoch: epoch + 1, nonce };
    },
  };
}

/** The store of the running test, opened before it and closed after it. */
export function useStore(under: StoreUnderTest): () => StoreInTest {
  let current: StoreInTest | undefined;
  beforeEach(async () => {
    current = await openInTest(under);
  });
  afterEach(async () => {
    await current?.opened.close();
    current = undefined;
  });
  return () => {
    if (current === undefined) throw new Error("no test is running");
    return current;
  };
}
