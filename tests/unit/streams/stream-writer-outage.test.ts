import { describe, expect, it } from "vitest";
import { encode, success } from "../../support/stored-streams.ts";
import { content, createTestWriter, written } from "../../support/test-writer.ts";

const ending = { isContent: false, ending: success };
const required = { showUnstoredAfterMs: undefined, giveUpAfterMs: 10_000 };

describe("a writer whose store is away", () => {
  it("sends the same events again after 10 ms to half a second, and nothing beside them", async () => {
    const set = await createTestWriter(required);
    set.faults.losesAnswers = true;
    set.write(2, 9);
    await set.clock.advance(9_000);
    // Half of the longest wait, as the clock's randomness is.
    expect(set.calls.get("append")).toBeGreaterThan(30);
    expect(set.calls.get("append")).toBeLessThan(60);
    expect(new Set(set.appends.map(({ append }) => append))).toHaveProperty("size", 1);
    expect(set.sent().slice(0, 2)).toEqual(["2-2 stored", "2-2 repeated"]);
    set.faults.losesAnswers = false;
    await set.clock.advance(600);
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 9));
    expect(set.shown).toEqual(["2-2", "3-9"]);
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("shows what is not stored after 2 s where durability is preferred, marked, and heals", async () => {
    const set = await createTestWriter();
    set.faults.isDown = true;
    set.write(2, 3);
    await set.clock.advance(1_999);
    expect(set.shown).toEqual([]);
    await set.clock.advance(1);
    expect(set.shown).toEqual(["undurable", "2-3"]);
    set.write(4, 4);
    expect(set.shown.at(-1)).toBe("4-4");
    set.faults.isDown = false;
    await set.clock.advance(600);
    expect(set.shown.at(-1)).toBe("durable");
    set.write(5, 5);
    expect(set.shown.at(-1)).toBe("5-5");
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 5));
  });

  it("shows nothing more once it has left the stream to others", async () => {
    const set = await createTestWriter();
    set.faults.hangs = true;
    set.write(2, 3);
    set.writer.stop();
    await set.clock.advance(10_000);
    expect(set.shown).toEqual([]);
  });

  it("holds nobody back while it shows what is not stored", async () => {
    const set = await createTestWriter();
    set.faults.hangs = true;
    const wait = set.offer(2, 2_100);
    await set.clock.advance(2_000);
    await wait;
    expect(set.offer(2_101, 2_200)).toBeUndefined();
    expect(set.shown.at(-1)).toBe("2200-2200");
  });

  it("gives up after 10 s where durability is required, and has shown nothing", async () => {
    const set = await createTestWriter(required);
    set.faults.isDown = true;
    set.write(2, 3);
    await set.clock.advance(9_999);
    expect(set.told).toEqual([]);
    await set.clock.advance(1);
    expect(set.told).toEqual(["lost unavailable", "ended"]);
    expect(set.shown).toEqual([]);
    await set.clock.advance(1_000);
    expect(set.clock.pendingTimers).toBe(0);
  });
});

describe("a stream without room", () => {
  it("is told once to end that has too many bytes, or too many events", async () => {
    const bytes = await createTestWriter({ maxBytes: 1_000 });
    for (let index = 0; index < 3; index++) {
      void bytes.writer.add(encode("x".repeat(400)), content);
    }
    void bytes.writer.add(encode("x".repeat(400)), content);
    expect(bytes.told).toEqual(["full"]);
    bytes.write(6, 6, ending);
    await bytes.writer.ended;
    expect(bytes.shown.at(-1)).toBe("6-6 end");

    const events = await createTestWriter({ maxEvents: 10 });
    events.write(2, 10);
    expect(events.told).toEqual([]);
    events.write(11, 12);
    expect(events.told).toEqual(["full"]);
  });

  it.each([2, 40])(
    "field:S7: goes on without a store that is full, unstored, and is whole in it afterwards: %i events",
    async (count) => {
      for (const delayMs of [0, 1]) {
        const set = await createTestWriter();
        set.faults.delayMs = delayMs;
        set.write(2, 3);
        await set.clock.advance(5);
        set.faults.isFull = true;
        set.write(4, 3 + count);
        await set.clock.advance(2_000);
        expect(set.shown.slice(-2)).toEqual(["undurable", `4-${3 + count}`]);
        expect(set.told).toEqual([]);
        expect(new Set(set.outages)).toEqual(new Set(["full"]));
        set.write(4 + count, 4 + count);
        expect(set.shown.at(-1)).toBe(`${4 + count}-${4 + count}`);
        set.faults.isFull = false;
        await set.clock.advance(700);
        expect(set.shown.at(-1)).toBe("durable");
        expect(await set.log()).toEqual(written(set.text(set.stream.start), 4 + count));
      }
    },
  );

  it("field:S5: has its end while the store takes nothing at all, and is stored when the store does", async () => {
    const set = await createTestWriter();
    set.write(2, 3);
    set.faults.isDown = true;
    set.write(4, 5);
    set.write(6, 6, ending);
    await set.clock.advance(2_000);
    expect(set.shown.at(-1)).toBe("4-6 end");
    await set.clock.advance(60_000);
    expect(set.told).toEqual([]);
    set.faults.isDown = false;
    await set.clock.advance(600);
    await set.writer.ended;
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 6));
  });

  it("is created again in a store that was emptied and takes no stream, once it does", async () => {
    const set = await createTestWriter();
    set.write(2, 3);
    await set.lose(set.stream.streamId);
    set.faults.only = ["create"];
    set.faults.isDown = true;
    set.write(4, 4);
    await set.clock.advance(90_000);
    expect(set.told).toEqual([]);
    expect(set.shown.slice(-2)).toEqual(["undurable", "4-4"]);
    set.faults.isDown = false;
    await set.clock.advance(600);
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 4));
  });

  it("ends in a store that is full: its last event, and all before it, still go through", async () => {
    const set = await createTestWriter();
    set.write(2, 3);
    set.faults.isFull = true;
    set.faults.delayMs = 1;
    const wait = set.offer(4, 3_000);
    expect(wait).toBeInstanceOf(Promise);
    // Nothing waits for a store that takes nothing.
    await set.clock.advance(2_000);
    await wait;
    set.write(3_001, 3_001, ending);
    await set.clock.advance(600);
    await set.writer.ended;
    expect(await set.log()).toEqual(written(set.text(set.stream.start), 3_001));
    expect(set.told).toEqual(["ended"]);
    expect(set.shown.slice(-2)).toEqual(["3001-3001 end", "durable"]);
  });
});
