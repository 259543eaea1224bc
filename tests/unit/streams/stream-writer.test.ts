import { describe, expect, it } from "vitest";
import {
  appendTo,
  encode,
  failure,
  newStream,
  progressOf,
  success,
} from "../../support/stored-streams.ts";
import { content, createTestWriter, written } from "../../support/test-writer.ts";

const ending = { isContent: false, ending: success };

describe("a writer", () => {
  it("stores and shows every event at once where the store answers at once", async () => {
    const set = await createTestWriter();
    set.write(2, 4);
    expect(set.shown).toEqual(["2-2", "3-3", "4-4"]);
    set.write(5, 5, ending);
    await set.writer.ended;
    expect(set.shown.at(-1)).toBe("5-5 end");
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 5));
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("sends what has come once the append before is acknowledged, without a timer", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 5;
    set.write(2, 9);
    await set.clock.advance(5);
    expect(set.shown).toEqual(["2-2"]);
    set.write(10, 12);
    await set.clock.advance(5);
    // What came during the second append is not in it.
    expect(set.shown).toEqual(["2-2", "3-9"]);
    await set.clock.advance(5);
    expect(set.shown).toEqual(["2-2", "3-9", "10-12"]);
  });

  it("shows nothing that is not stored", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 100;
    set.write(2, 50);
    await set.clock.advance(99);
    expect(set.shown).toEqual([]);
    expect(await set.log()).toHaveLength(1);
  });

  it("keeps an append within 64 events and 32 KiB; a longer event goes alone", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 1;
    set.write(2, 200);
    await set.clock.advance(4);
    expect(set.shown).toEqual(["2-2", "3-66", "67-130", "131-194"]);
    await set.clock.advance(10);
    set.shown.length = 0;
    const kibibytes = (count: number) => encode("x".repeat(count * 1024));
    for (const size of [1, 20, 12, 1, 40, 1]) void set.writer.add(kibibytes(size), content);
    await set.clock.advance(10);
    expect(set.shown).toEqual(["201-201", "202-203", "204-204", "205-205", "206-206"]);
  });

  it("stops where the stream has ended without it", async () => {
    const set = await createTestWriter();
    await set.peer.append(appendTo(set.stream, 2, 4, { ending: success }));
    const wait = set.offer(2, 6);
    await set.clock.advance(0);
    expect(set.told).toEqual(["lost lost", "ended"]);
    await wait;
    expect(set.shown).toEqual(["2-2", "3-3", "4-4"]);
    expect(await set.log()).toHaveLength(4);
  });

  it("notes the first event with content, whichever append it is in", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 1;
    set.write(2, 4, { isContent: false });
    set.write(5, 6);
    await set.clock.advance(10);
    const [stored] = await set.peer.heads([set.stream.streamId]);
    expect(stored?.firstContent).toBe(5);
  });

  it("stores progress that came while an append was on its way", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 10;
    set.write(2, 2, { isContent: false, progress: progressOf("first") });
    await set.clock.advance(5);
    set.write(3, 3, { isContent: false, progress: progressOf("second") });
    await set.clock.advance(5);
    expect((await set.peer.heads([set.stream.streamId]))[0]?.progress.provider).toBe("first");
    await set.clock.advance(10);
    expect((await set.peer.heads([set.stream.streamId]))[0]?.progress.provider).toBe("second");
    set.write(4, 4);
    await set.clock.advance(5);
    set.write(5, 5, { ...ending, progress: progressOf("last") });
    await set.clock.advance(20);
    expect((await set.peer.heads([set.stream.streamId]))[0]).toMatchObject({
      phase: "completed",
      progress: { provider: "last" },
    });
  });
});

describe("a writer whose store lags", () => {
  it("holds the provider back above 2,000 events, until some are stored", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 1;
    expect(set.offer(2, 2_001)).toBeUndefined();
    const wait = set.offer(2_002, 2_002);
    let isOver = false;
    void wait?.then(() => {
      isOver = true;
    });
    expect(wait).toBeInstanceOf(Promise);
    await set.clock.advance(0);
    expect(isOver).toBe(false);
    await set.clock.advance(1);
    expect(isOver).toBe(true);
  });

  it("holds it back above 1 MiB, and forgets nothing of that when the store had stored a part", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 1;
    const kibibytes = encode("x".repeat(1024));
    const fill = (): Promise<void> | undefined => {
      let wait: Promise<void> | undefined;
      for (let index = 0; index < 1_024 && wait === undefined; index++) {
        wait = set.writer.add(kibibytes, content);
      }
      return wait;
    };
    expect(fill()).toBeUndefined();
    expect(set.writer.add(encode("y"), content)).toBeInstanceOf(Promise);
    await set.clock.advance(100);
    // The store has gone back to an older state: all of it is sent again, and counts once.
    for (let round = 0; round < 20; round++) {
      await set.loseTail(set.stream.streamId, 1_000 - round);
      void set.writer.add(encode("z"), content);
      await set.clock.advance(100);
    }
    expect(fill()).toBeUndefined();
    expect(set.writer.add(encode("y"), content)).toBeInstanceOf(Promise);
  });

  it("lets the provider go when it stops", async () => {
    const set = await createTestWriter();
    set.faults.hangs = true;
    const wait = set.offer(2, 3_000);
    set.writer.stop();
    await wait;
    await set.writer.ended;
    expect(set.offer(3_001, 3_001)).toBeUndefined();
  });
});

describe("a writer whose store has lost events", () => {
  it("sends them again out of memory: a gap is nothing that a reader sees", async () => {
    const set = await createTestWriter();
    set.write(2, 10);
    await set.loseTail(set.stream.streamId, 4);
    set.write(11, 12);
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 12));
    expect(set.shown.at(-1)).toBe("12-12");
    expect(set.sent()).toContain("11-11 gap");
    expect(set.told).toEqual([]);
  });

  it("creates the stream again that is gone, and goes on", async () => {
    const set = await createTestWriter();
    set.write(2, 10);
    await set.lose(set.stream.streamId);
    set.write(11, 11);
    await set.clock.advance(0);
    set.write(12, 12, ending);
    await set.writer.ended;
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 12));
    expect(set.told).toEqual(["ended"]);
  });

  it("creates it again by and by where the store fails meanwhile", async () => {
    const set = await createTestWriter();
    set.write(2, 10);
    await set.lose(set.stream.streamId);
    set.faults.only = ["create"];
    set.faults.isDown = true;
    set.write(11, 11);
    await set.clock.advance(300);
    set.faults.isDown = false;
    await set.clock.advance(1_000);
    expect(set.told).toEqual([]);
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 11));
  });

  it.each([
    ["another writer has created it", "fenced"],
    ["its key leads to another stream", "lost"],
  ])("stops where %s meanwhile", async (_, loss) => {
    const created = newStream({ requestId: "request-1" });
    const set = await createTestWriter({ created });
    const { streamId } = created;
    const other = newStream({ requestId: "request-1", ...(loss === "fenced" && { streamId }) });
    set.write(2, 2);
    await set.lose(set.stream.streamId);
    await set.peer.create(other);
    set.write(3, 3);
    await set.clock.advance(0);
    expect(set.told).toEqual([`lost ${loss}`, "ended"]);
  });

  it("stops where it does not have what was lost: a writer before it wrote that", async () => {
    const set = await createTestWriter({ tail: 5, created: undefined });
    set.write(6, 6);
    await set.clock.advance(0);
    expect(set.told).toEqual(["lost lost", "ended"]);
  });

  it("does not do it for ever for a store that loses everything at once", async () => {
    const set = await createTestWriter();
    set.faults.delayMs = 1;
    set.write(2, 10);
    const losing = (async () => {
      for (let round = 0; round < 300 && set.told.length === 0; round++) {
        await set.lose(set.stream.streamId);
        await set.clock.advance(1);
      }
    })();
    await losing;
    expect(set.told).toContain("lost lost");
  });

  it("takes an append that was stored twice for one", async () => {
    const set = await createTestWriter();
    set.faults.copies = 3;
    set.faults.delayMs = 1;
    set.write(2, 100);
    set.write(101, 101, ending);
    await set.clock.advance(20);
    await set.writer.ended;
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 101));
  });
});

describe("a writer that is not the owner any more", () => {
  it("stops with its next append, tells so, and shows nothing of it", async () => {
    const set = await createTestWriter();
    set.write(2, 3);
    const { streamId, token } = set.stream;
    await set.peer.handOff(streamId, token, "planned");
    await set.peer.claim(streamId, 1, { session: "session-b", nonce: 77 });
    set.write(4, 4);
    await set.writer.ended;
    expect(set.told).toEqual(["lost fenced", "ended"]);
    expect(set.shown).toEqual(["2-2", "3-3"]);
  });

  it("tells that the stream is to stop, and still stores its end", async () => {
    const set = await createTestWriter();
    await set.peer.requestCancel(set.stream.streamId, "operator");
    set.write(2, 2);
    expect(set.told).toEqual(["cancel operator"]);
    set.write(3, 3, { isContent: false, ending: failure });
    await set.writer.ended;
    expect(set.shown.at(-1)).toBe("3-3 end");
  });
});
