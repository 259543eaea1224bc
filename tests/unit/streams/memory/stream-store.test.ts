import { describe, expect, it } from "vitest";
import type { Clock } from "../../../../src/clock.ts";
import type { NewStream } from "../../../../src/streams/stream-record.ts";
import type { StreamStore } from "../../../../src/streams/stream-store.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { createMemoryStreams } from "../../../support/open-streams.ts";
import { appendTo, beginning, newStream, success } from "../../../support/stored-streams.ts";

const KIB = 1024;

function open(maxBytes = 80 * KIB) {
  const clock = createManualClock();
  return { clock, store: createMemoryStreams({ clock, maxBytes }) };
}

const large = (overrides: Partial<NewStream> = {}): NewStream =>
  newStream({ start: new Uint8Array(16 * KIB), ...overrides });

async function createEnded(store: StreamStore, stream = large()): Promise<string> {
  expect(await store.create(stream)).toEqual({ state: "created" });
  await store.append(appendTo(stream, 2, 2, { ending: success }));
  return stream.streamId;
}

const stateOf = async (store: StreamStore, id: string) =>
  (await store.read(id, beginning, 1)).state;

const everything = { phases: [], olderThanMs: 0, limit: 1_000, dryRun: false };

describe("the bound", () => {
  it("lets go of the streams that ended longest ago, and of no more than it must", async () => {
    const { store } = open();
    const early = large();
    await store.create(early);
    const first = await createEnded(store);
    const second = await createEnded(store);
    await store.append(appendTo(early, 2, 2, { ending: success }));
    const running = large();
    expect(await store.create(running)).toEqual({ state: "created" });
    expect(await stateOf(store, first)).toBe("read");
    const next = large();
    expect(await store.create(next)).toEqual({ state: "created" });
    expect(await stateOf(store, first)).toBe("expired");
    expect(await stateOf(store, second)).toBe("read");
    expect(await stateOf(store, early.streamId)).toBe("read");

    const events = [new Uint8Array(30 * KIB)];
    const batch = { first: 2, last: 2, writer: running.token.nonce, events };
    const answer = await store.append(appendTo(running, 2, 2, { batch }));
    expect(answer).toMatchObject({ state: "stored" });
    expect(await stateOf(store, second)).toBe("expired");
    expect(await stateOf(store, early.streamId)).toBe("expired");
    expect(await stateOf(store, running.streamId)).toBe("read");
    expect(await stateOf(store, next.streamId)).toBe("read");
  });

  it("never lets go of what runs", async () => {
    const { store } = open();
    const running = Array.from({ length: 4 }, () => large());
    for (const stream of running) expect(await store.create(stream)).toEqual({ state: "created" });
    expect(() => store.create(large())).toThrow("full");
    for (const { streamId } of running) expect(await stateOf(store, streamId)).toBe("read");
  });

  it("frees what a cleanup deletes, once", async () => {
    const { store } = open();
    const empty = Number(store.held?.());
    for (let index = 0; index < 3; index++) await createEnded(store);
    await store.cleanup(everything);
    await store.cleanup(everything);
    await store.reap(0, 100);
    expect(store.held?.()).toBe(empty);
    for (let index = 0; index < 3; index++) await createEnded(store);
    expect((await store.cleanup(everything)).deleted).toBe(3);
  });

  it("takes the last event of a stream even where nothing can go for it", async () => {
    const { store } = open();
    const running = Array.from({ length: 4 }, () => large());
    for (const stream of running) await store.create(stream);
    const [stream = large()] = running;
    const events = [new Uint8Array(30 * KIB)];
    const batch = { first: 2, last: 2, writer: stream.token.nonce, events };
    expect(() => store.append(appendTo(stream, 2, 2, { batch }))).toThrow("full");
    const end = appendTo(stream, 2, 2, { batch, ending: success });
    expect(await store.append(end)).toMatchObject({ state: "stored" });
  });

  const ballast = new Uint8Array(60 * KIB);
  it.each<[string, (index: number) => Partial<NewStream>]>([
    ["a request", () => ({ request: ballast })],
    ["a request that is a piece of something longer", () => ({ request: ballast.subarray(1, 2) })],
    ["details", () => ({ progress: { provider: "p", details: ballast } })],
    ["a key", (index) => ({ requestId: `${index}${"k".repeat(30 * KIB)}` })],
    [
      "a caller whose name takes two bytes for each letter",
      () => ({ caller: "中".repeat(30 * KIB) }),
    ],
  ])("counts %s", async (_, overrides) => {
    const { store } = open();
    expect(await store.create(newStream(overrides(1)))).toEqual({ state: "created" });
    expect(() => store.create(newStream(overrides(2)))).toThrow("full");
  });

  it("counts the details that a later event brings", async () => {
    const { store } = open();
    const stream = newStream();
    await store.create(stream);
    const progress = { provider: "p", details: new Uint8Array(90 * KIB) };
    expect(() => store.append(appendTo(stream, 2, 2, { progress }))).toThrow("full");
    expect(await store.append(appendTo(stream, 2, 2))).toMatchObject({ state: "stored" });
  });

  it("keeps of those that have expired no more than an eighth, the oldest going first", async () => {
    const { store } = open(64 * KIB);
    const ids: string[] = [];
    for (let index = 0; index < 200; index++) ids.push(await createEnded(store, newStream()));
    const states = await Promise.all(ids.map((id) => stateOf(store, id)));
    const count = (state: string): number => states.filter((each) => each === state).length;
    expect(states).toEqual([
      ...Array.from({ length: count("gone") }, () => "gone"),
      ...Array.from({ length: count("expired") }, () => "expired"),
      ...Array.from({ length: count("read") }, () => "read"),
    ]);
    expect(count("gone")).toBeGreaterThan(100);
    expect(count("expired")).toBeGreaterThan(3);
    expect(count("read")).toBeGreaterThan(15);
    expect(store.held?.()).toBeLessThanOrEqual(64 * KIB);
  });

  it("lets all of them go where running streams need the room", async () => {
    const { store } = open(64 * KIB);
    for (let index = 0; index < 10; index++) await createEnded(store, newStream());
    await store.cleanup(everything);
    for (let index = 0; index < 3; index++) {
      expect(await store.create(large())).toEqual({ state: "created" });
    }
    expect(store.held?.()).toBeLessThanOrEqual(64 * KIB);
  });

  it("lets go of a key with its stream", async () => {
    const { store } = open(8 * KIB);
    await createEnded(store, newStream({ requestId: "request-1" }));
    expect(await store.find("caller-a", "request-1")).toBeDefined();
    await store.create(newStream({ start: new Uint8Array(4 * KIB) }));
    expect(await store.find("caller-a", "request-1")).toBeUndefined();
  });
});

describe("what is counted of a stream", () => {
  // As it was measured: an array, and a text of one byte for each letter.
  const array = (length: number): number => 320 + length;
  const text = (value: string): number => 24 + value.length;

  it.each(["", "request-1"])(
    "is all that Node holds for it, with the key %j",
    async (requestId) => {
      const { store } = open();
      const stream = newStream({ requestId, request: new Uint8Array(1_000) });
      const { streamId, caller, fingerprint, progress } = stream;
      const key = requestId === "" ? 0 : 72 + text(caller) + text(requestId);
      const record =
        600 +
        [streamId, caller, requestId, fingerprint].reduce((sum, each) => sum + text(each), 0) +
        key +
        array(progress.details.buffer.byteLength) +
        text(progress.provider);
      await store.create(stream);
      // Its writer, its request, and a log with one block of 512 bytes.
      expect(store.held?.()).toBe(record + 2_000 + array(1_000) + 200 + 400 + 512);
      await store.append(appendTo(stream, 2, 2, { ending: success }));
      const [start, last] = [stream.start.length, `event 2 of ${stream.token.nonce}`.length];
      // Each event has a byte for its length.
      expect(store.held?.()).toBe(record + 200 + 400 + start + 1 + last + 1);
      await store.cleanup(everything);
      expect(store.held?.()).toBe(record);
      await store.reap(0, 10);
      expect(store.held?.()).toBe(0);
    },
  );

  it("is twice as much for a text with a letter that takes two bytes", async () => {
    const heldWith = async (caller: string): Promise<number> => {
      const { store } = open();
      await store.create(newStream({ streamId: "s.fixed", caller }));
      return Number(store.held?.());
    };
    const plain = await heldWith("aaaa");
    expect(await heldWith("\u00ff".repeat(4))).toBe(plain);
    expect(await heldWith("aaa\u0100")).toBe(plain + 4);
  });
});

describe("a store that running streams fill", () => {
  it("says so from seven eighths on, and not where others could go", async () => {
    const { store } = open(80 * KIB);
    await store.check();
    const running = large({ start: new Uint8Array(60 * KIB) });
    await store.create(running);
    await store.check();
    await store.create(newStream({ start: new Uint8Array(9 * KIB) }));
    await expect(store.check()).rejects.toMatchObject({ trouble: { cause: "full" } });
    await store.append(appendTo(running, 2, 2, { ending: success }));
    await store.check();
  });
});

describe("what is past its time", () => {
  it("has ten tombstones deleted for each stream that may expire, and no more at a time", async () => {
    const { clock, store } = open(8 * 1024 * KIB);
    const ids: string[] = [];
    for (let index = 0; index < 25; index++) {
      ids.push(await createEnded(store, newStream({ retentionMs: 0 })));
    }
    await store.reap(1_000, 100);
    await clock.advance(1_000);
    const gone = async (): Promise<number> => {
      const states = await Promise.all(ids.map((id) => stateOf(store, id)));
      return states.filter((state) => state === "gone").length;
    };
    await store.reap(1_000, 1);
    expect(await gone()).toBe(10);
    await store.reap(1_000, 1);
    expect(await gone()).toBe(20);
    await store.reap(1_000, 1);
    expect(await gone()).toBe(25);
  });

  it("is reaped in the order of its retention, so many at a time", async () => {
    const { store, clock } = open(1024 * KIB);
    const long = await createEnded(store, newStream({ retentionMs: 60_000 }));
    const short: string[] = [];
    for (let index = 0; index < 5; index++) {
      short.push(await createEnded(store, newStream({ retentionMs: 9_000 + index })));
    }
    await clock.advance(9_003);
    expect(await store.reap(1_000, 3)).toEqual({ expired: 3 });
    expect(await store.reap(1_000, 3)).toEqual({ expired: 1 });
    expect(await store.reap(1_000, 3)).toEqual({ expired: 0 });
    await clock.advance(1);
    expect(await store.reap(1_000, 3)).toEqual({ expired: 1 });
    for (const id of short) expect(await stateOf(store, id)).toBe("expired");
    await clock.advance(1_000);
    await store.reap(1_000, 3);
    for (const id of short) expect(await stateOf(store, id)).toBe("gone");
    expect(await stateOf(store, long)).toBe("read");
    await clock.advance(60_000);
    expect(await store.reap(1_000, 3)).toEqual({ expired: 1 });
  });
});

it("is the memory of one process, which shares nothing", async () => {
  const { store } = open();
  expect(store.capabilities).toEqual({ type: "memory", isShared: false, durability: "process" });
  expect(store.subscribe).toBeUndefined();
});

it("is told whether a stream was handed off", async () => {
  const { store } = open();
  const stream = newStream();
  const { streamId, token } = stream;
  await store.create(stream);
  expect(await store.handOff(streamId, { ...token, nonce: 1 }, "planned")).toBe(false);
  expect(await store.handOff("s.unknown", token, "planned")).toBe(false);
  expect(await store.handOff(streamId, token, "planned")).toBe(true);
  expect((await store.heads([streamId]))[0]).toMatchObject({ handedOff: true });
});

it("has a time of its own: the wall clock may jump", async () => {
  const manual = createManualClock();
  let jumpMs = 0;
  const clock: Clock = { ...manual, wallTime: () => manual.wallTime() + jumpMs };
  const store = createMemoryStreams({ clock, maxBytes: 64 * KIB });
  const id = await createEnded(store, newStream({ retentionMs: 1_000 }));
  jumpMs = 3_600_000;
  expect(await store.reap(0, 10)).toEqual({ expired: 0 });
  jumpMs = -3_600_000;
  await manual.advance(1_000);
  expect(await store.reap(0, 10)).toEqual({ expired: 1 });
  expect(await stateOf(store, id)).toBe("expired");
});
