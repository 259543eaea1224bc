// The socket between a host of stores and its clients: lost connections, hosts that do not answer, and the bounds.
import { once } from "node:events";
import { createServer } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { openStores, type Stores } from "../../src/open-stores.ts";
import { FrameWriter, MAX_FRAME_BYTES } from "../../src/store/hosted/frames.ts";
import { KIND, PROTOCOL } from "../../src/store/hosted/protocol.ts";
import { openSocketPlace } from "../../src/store/hosted/socket-place.ts";
import { StoreProblem } from "../../src/store/store-problem.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import type { Append } from "../../src/streams/stream-store.ts";
import { startCutSocket } from "../support/cut-socket.ts";
import { type HostedStores, hostedMemory } from "../support/hosted-stores.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { eventually } from "../support/stack.ts";
import { startStoreHost } from "../support/store-host.ts";
import {
  appendTo,
  beginning,
  LONG_MS,
  logOf,
  newStream,
  success,
} from "../support/stored-streams.ts";
import { streamLog } from "../support/stream-log.ts";

let host: HostedStores;

beforeEach(async () => {
  host = await hostedMemory();
});
afterEach(() => host.close());

const connectTo = (path: string): Promise<Stores> =>
  openStores({ type: "hosted", path }, systemClock);

const outcomeOf = (call: Promise<unknown> | unknown): Promise<string> =>
  Promise.resolve(call).then(
    () => "answered",
    (error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error;
      return error.outcome;
    },
  );

/** Asks until the host answers: the client connects again by itself. */
async function answerOf<T>(ask: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

describe("readers", () => {
  it("at one client are woken by events that another client stores, and wait for no poll", async () => {
    // The clock of the reader stands still: no poll is ever due.
    const clock = createManualClock();
    const [writer, reader] = [await host.connect(), await host.connect()];
    await writer.streams.openSession("session-a", LONG_MS);
    const stream = newStream();
    await writer.streams.create(stream);
    const signal = new AbortController().signal;
    const read = streamLog(reader.streams, clock, "session-b").reader({
      streamId: stream.streamId,
      cursor: beginning,
      signal,
      deadline: undefined,
      heartbeatMs: 0,
      watch: undefined,
    });
    let seen = 0;
    const following = (async () => {
      for await (const delivery of read.follow()) {
        if (delivery.type === "events") seen += delivery.events.length;
        if (seen === 100) return;
      }
    })();
    await eventually(() => seen === 1);
    for (let at = 2; at <= 100; at++) {
      await writer.streams.append(appendTo(stream, at, at));
      await eventually(() => seen === at);
    }
    await following;
  });
});

describe("a connection that is lost", () => {
  it("ends the client's sessions at once, though their time has not passed", async () => {
    const proxy = await startCutSocket(host.served.address.path);
    const [lost, other] = [await connectTo(proxy.path), await host.connect()];
    await lost.streams.openSession("session-a", LONG_MS);
    const stream = newStream();
    await lost.streams.create(stream);
    expect(await other.streams.orphans(10)).toEqual([]);
    await proxy[Symbol.asyncDispose]();
    await eventually(async () => (await other.streams.orphans(10)).length === 1);
    const next = { session: "session-b", nonce: 77 };
    await other.streams.openSession("session-b", LONG_MS);
    expect(await other.streams.claim(stream.streamId, 1, next)).toMatchObject({ state: "claimed" });
    await lost.engine.close();
  });

  it("leaves a session that its client announces again, before anything else, on the next one", async () => {
    await using proxy = await startCutSocket(host.served.address.path);
    const client = await connectTo(proxy.path);
    const { streams } = client;
    await streams.openSession("session-a", LONG_MS);
    proxy.cut();
    await eventually(async () => (await outcomeOf(streams.heads([]))) !== "answered");
    const stream = newStream();
    // The first call that is accepted: no renewal by the client's owner has come.
    await answerOf(() => streams.create(stream));
    expect(await streams.orphans(10)).toEqual([]);
    expect(await streams.renewSession("session-a", LONG_MS)).toBe("lost");
    expect(await streams.renewSession("session-a", LONG_MS)).toBe("renewed");
    await client.engine.close();
  });

  it("is replaced, and subscriptions with it", async () => {
    await using proxy = await startCutSocket(host.served.address.path);
    const [reader, writer] = [await connectTo(proxy.path), await host.connect()];
    const stream = newStream();
    await writer.streams.create(stream);
    let seen = 0;
    const leave = await reader.streams.subscribe?.(stream.streamId, ({ last }) => {
      seen = last;
    });
    await writer.streams.append(appendTo(stream, 2, 2));
    await eventually(() => seen === 2);
    proxy.cut();
    await eventually(() => proxy.connections === 2);
    await answerOf(() => reader.streams.heads([]));
    await writer.streams.append(appendTo(stream, 3, 3));
    await eventually(() => seen === 3);
    await leave?.();
    await reader.engine.close();
  });

  it("leaves each call its outcome: unknown where it was sent, not applied where it was not", async () => {
    await using process = await startStoreHost();
    const { engine, streams } = await connectTo(process.path);
    const stream = newStream();
    await streams.create(stream);
    process.signal("SIGSTOP");
    // Far more than the system takes for a process that reads nothing.
    const details = new Uint8Array(256 * 1024);
    const progress = { provider: "p", details };
    const calls = Array.from({ length: 20 }, (_, index) =>
      outcomeOf(streams.append(appendTo(stream, 2 + index, 2 + index, { progress }))),
    );
    await new Promise((resolve) => setImmediate(resolve));
    const late = Array.from({ length: 20 }, () => outcomeOf(streams.heads([stream.streamId])));
    await process.kill();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["unknown"]));
    expect(new Set(await Promise.all(late))).toEqual(new Set(["not-applied"]));
    const refused = Promise.resolve(streams.heads([]));
    await expect(refused).rejects.toMatchObject({
      name: "StoreUnavailable",
      outcome: "not-applied",
      message: expect.stringMatching(/no connection to the host of the stores/),
    });
    await engine.close();
  });

  it("loses and repeats no event, wherever it is cut", async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 5, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cuts, sizes, async (bytes, batches) => {
        await using proxy = await startCutSocket(
          host.served.address.path,
          // The hello is needed to begin, and the last connection stays.
          (connection) => 700 + (bytes[connection] ?? Number.POSITIVE_INFINITY),
        );
        const { engine, streams } = await connectTo(proxy.path);
        await answerOf(() => streams.openSession("session-a", LONG_MS));
        const stream = newStream();
        await answerOf(() => streams.create(stream));
        let last = 1;
        const sent: Append[] = batches.map((size, index) => {
          const ending = index === batches.length - 1 ? success : undefined;
          const append = appendTo(stream, last + 1, last + size, { ending });
          last += size;
          return append;
        });
        for (const append of sent) {
          const { state } = await answerOf(() => streams.append(append));
          expect(["stored", "repeated"]).toContain(state);
        }
        const events = sent.flatMap(({ batch }) => batch.events.map((event) => event.toString()));
        const log = await answerOf(() => streams.read(stream.streamId, beginning, 1_000));
        if (log.state !== "read") throw new Error(log.state);
        const stored = log.batches.flatMap((batch) => batch.events.map(String)).slice(1);
        expect(stored).toEqual(events);
        await engine.close();
      }),
      { numRuns: 60 },
    );
    expect(host.faults).toEqual([]);
  }, 60_000);
});

describe("calls to a host that does not answer", () => {
  it("wait up to a bound, and are refused beyond it", async () => {
    await using process = await startStoreHost();
    const { engine, streams } = await connectTo(process.path);
    process.signal("SIGSTOP");
    const request = new Uint8Array(24 * 1024 * 1024);
    const calls: Promise<string>[] = [];
    // The first one goes to the system, and the others wait for it.
    for (let index = 0; index < 8; index++) {
      calls.push(outcomeOf(streams.create(newStream({ request }))));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const refused = streams.create(newStream({ request }));
    await expect(refused).rejects.toMatchObject({
      outcome: "not-applied",
      message: expect.stringMatching(/too much waits/),
    });
    process.signal("SIGCONT");
    const outcomes = await Promise.all(calls);
    expect(outcomes.slice(0, 4)).toEqual(["answered", "answered", "answered", "answered"]);
    expect(outcomes.slice(-4)).toEqual(Array.from({ length: 4 }, () => "not-applied"));
    await engine.close();
  });
});

describe("the length of a frame", () => {
  it("lets requests pass that are as long as requests can be", async () => {
    const { streams } = await host.connect();
    const request = new Uint8Array(32 * 1024 * 1024).fill(7);
    const stream = newStream({ request });
    await streams.create(stream);
    const loaded = await streams.loadRequest(stream.streamId);
    expect(Buffer.from(loaded ?? []).equals(request)).toBe(true);
  });

  it("refuses a longer call alone", async () => {
    const { streams } = await host.connect();
    const stream = newStream();
    await streams.create(stream);
    const long = streams.create(newStream({ request: new Uint8Array(MAX_FRAME_BYTES + 1) }));
    const next = streams.append(appendTo(stream, 2, 2));
    await expect(long).rejects.toMatchObject({ outcome: "not-applied" });
    expect(await next).toMatchObject({ state: "stored" });
    expect(await logOf(streams, stream.streamId)).toHaveLength(2);
  });
});

describe("opening", () => {
  it("rejects without a host, and says where it looked", async () => {
    const place = await openSocketPlace();
    await expect(connectTo(place.path)).rejects.toThrow(place.path);
    place.remove();
  });

  it("rejects for good if the host is of another release", async () => {
    const place = await openSocketPlace();
    const server = createServer((socket) => {
      const writer = new FrameWriter();
      writer.frame(KIND.hello, PROTOCOL + 1, (to) => to.text("of another form"));
      socket.write(writer.take());
    }).listen(place.path);
    await once(server, "listening");
    const error = await connectTo(place.path).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(StoreProblem);
    expect(error).toMatchObject({ code: "version", isFinal: true });
    server.close();
    place.remove();
  });
});
