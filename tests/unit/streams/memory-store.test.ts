import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/clock.ts";
import { createMemoryStore } from "../../../src/streams/memory-store.ts";
import type { NewStream } from "../../../src/streams/stream-record.ts";
import type { StreamStore } from "../../../src/streams/stream-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { appendTo, beginning, newStream, success } from "../../support/stored-streams.ts";

const KIB = 1024;

function open(bounds: { readonly maxBytes?: number; readonly maxStreams?: number }) {
  const clock = createManualClock();
  const limits = { maxBytes: 64 * KIB, maxStreams: 100, ...bounds };
  return { clock, store: createMemoryStore({ clock, ...limits }) };
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

describe("the bound on events", () => {
  it("lets go of the streams that ended longest ago, and of no more than it must", async () => {
    const { store } = open({});
    const early = large();
    await store.create(early);
    const first = await createEnded(store);
    const second = await createEnded(store);
    await store.append(appendTo(early, 2, 2, { ending: success }));
    const running = large();
    expect(await store.create(running)).toEqual({ state: "created" });
    expect(await stateOf(store, first)).toBe("expired");
    expect(await stateOf(store, second)).toBe("read");
    expect(await stateOf(store, early.streamId)).toBe("read");

    const events = [new Uint8Array(40 * KIB)];
    const batch = { first: 2, last: 2, writer: running.token.nonce, events };
    const answer = await store.append(appendTo(running, 2, 2, { batch }));
    expect(answer).toMatchObject({ state: "stored" });
    expect(await stateOf(store, second)).toBe("expired");
    expect(await stateOf(store, early.streamId)).toBe("expired");
    expect(await stateOf(store, running.streamId)).toBe("read");
  });

  it("never lets go of what runs", async () => {
    const { store } = open({});
    const running = Array.from({ length: 4 }, () => large());
    for (const stream of running) expect(await store.create(stream)).toEqual({ state: "created" });
    expect(await store.create(large())).toEqual({ state: "full" });
    for (const { streamId } of running) expect(await stateOf(store, streamId)).toBe("read");
  });

  it("frees what a cleanup deletes, once", async () => {
    const { store } = open({});
    for (let index = 0; index < 3; index++) await createEnded(store);
    const query = { phases: [], olderThanMs: 0, limit: 100, dryRun: false };
    await store.cleanup(query);
    await store.cleanup(query);
    await store.reap(0, 100);
    for (let index = 0; index < 3; index++) await createEnded(store);
    expect((await store.cleanup(query)).deleted).toBe(3);
  });
});

describe("the bound on records", () => {
  it("drops tombstones first, then what ended longest ago, and nothing that runs", async () => {
    const { store } = open({ maxStreams: 3, maxBytes: 40 * KIB });
    const first = await createEnded(store);
    const second = await createEnded(store);
    const third = await createEnded(store);
    expect(await stateOf(store, first)).toBe("expired");
    await store.create(newStream());
    expect(await stateOf(store, first)).toBe("gone");
    expect(await stateOf(store, second)).toBe("read");
    await store.create(newStream());
    expect(await stateOf(store, second)).toBe("gone");
    await store.create(newStream());
    expect(await stateOf(store, third)).toBe("gone");
    expect(await store.create(newStream())).toEqual({ state: "full" });
  });

  it("does not concern an append", async () => {
    const { store } = open({ maxStreams: 3 });
    const running = large();
    await store.create(running);
    const first = await createEnded(store);
    const second = await createEnded(store);
    const events = [new Uint8Array(20 * KIB)];
    const batch = { first: 2, last: 2, writer: running.token.nonce, events };
    await store.append(appendTo(running, 2, 2, { batch }));
    expect(await stateOf(store, first)).toBe("expired");
    expect(await stateOf(store, second)).toBe("read");
  });

  it("lets go of a key with its stream", async () => {
    const { store } = open({ maxStreams: 1 });
    await createEnded(store, newStream({ requestId: "request-1" }));
    await store.create(newStream());
    expect(await store.find("caller-a", "request-1")).toBeUndefined();
  });
});

it("has a time of its own: the wall clock may jump", async () => {
  const manual = createManualClock();
  let jumpMs = 0;
  const clock: Clock = { ...manual, wallTime: () => manual.wallTime() + jumpMs };
  const store = createMemoryStore({ clock, maxBytes: 64 * KIB, maxStreams: 10 });
  const id = await createEnded(store, newStream({ retentionMs: 1_000 }));
  jumpMs = 3_600_000;
  expect(await store.reap(0, 10)).toEqual({ expired: 0 });
  jumpMs = -3_600_000;
  await manual.advance(1_000);
  expect(await store.reap(0, 10)).toEqual({ expired: 1 });
  expect(await stateOf(store, id)).toBe("expired");
});
