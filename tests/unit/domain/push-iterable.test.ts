import { describe, expect, it } from "vitest";
import {
  LEFT,
  PushIterable,
  pushItemsTo,
  type Take,
  takeAll,
} from "../../../src/domain/push-iterable.ts";

/** A producer that the test drives, with the end that it saw. */
function driven() {
  let take: Take<number> = () => undefined;
  let finish: (error?: Error) => void = () => {};
  let begun = 0;
  const items = new PushIterable<number>((given) => {
    begun++;
    take = given;
    return new Promise((resolve, reject) => {
      finish = (error) => (error === undefined ? resolve() : reject(error));
    });
  });
  return {
    items,
    begun: () => begun,
    push: (item: number) => take(item),
    end: (error?: Error) => finish(error),
  };
}

/** Passes the numbers below `count`, and tells the error that ended it. */
function counting(count: number, ended: (error: unknown) => void) {
  return new PushIterable<number>(async (take) => {
    try {
      for (let item = 0; item < count; item++) await take(item);
      ended(undefined);
    } catch (error) {
      ended(error);
      throw error;
    }
  });
}

describe("pushTo", () => {
  it("passes each item in the producer's own turn, and begins when it is called", async () => {
    const { items, begun, push, end } = driven();
    expect(begun()).toBe(0);
    const taken: number[] = [];
    const reading = items.pushTo((item) => void taken.push(item));
    expect(begun()).toBe(1);
    expect(push(1)).toBeUndefined();
    expect(taken).toEqual([1]);
    end();
    await reading;
  });

  it("makes the producer wait for what the reader waits for", async () => {
    const { items, push, end } = driven();
    const { promise, resolve } = Promise.withResolvers<void>();
    const reading = items.pushTo(() => promise);
    let isTaken = false;
    const taken = push(1)?.then(() => {
      isTaken = true;
    });
    await Promise.resolve();
    expect(isTaken).toBe(false);
    resolve();
    await taken;
    end();
    await reading;
  });

  it("rejects with the producer's error", async () => {
    const { items, end } = driven();
    const reading = items.pushTo(() => undefined);
    end(new Error("broken"));
    await expect(reading).rejects.toThrow("broken");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("own");
      },
    ],
    ["rejects", () => Promise.reject(new Error("own"))],
  ])(
    "a reader that %s is told of by its own error, the producer only that it left",
    async (_, take) => {
      const ends: unknown[] = [];
      await expect(counting(9, (error) => ends.push(error)).pushTo(take)).rejects.toThrow("own");
      expect(ends).toEqual([LEFT]);
    },
  );

  it("rejects with the reader's error even if the producer ends well or by another error", async () => {
    for (const error of [undefined, new Error("late")]) {
      const { items, push, end } = driven();
      const reading = items.pushTo(() => {
        throw new Error("own");
      });
      expect(() => push(1)).toThrow(LEFT);
      end(error);
      await expect(reading).rejects.toThrow("own");
    }
  });
});

describe("iteration", () => {
  it("yields all items one at a time", async () => {
    const { items, push, end } = driven();
    const reader = items[Symbol.asyncIterator]();
    const first = reader.next();
    const waits = push(1);
    expect(await first).toEqual({ done: false, value: 1 });
    let isTaken = false;
    void waits?.then(() => {
      isTaken = true;
    });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(isTaken).toBe(false);
    const second = reader.next();
    await waits;
    void push(2);
    expect(await second).toEqual({ done: false, value: 2 });
    const last = reader.next();
    end();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it("tells the producer that the reader has left, and waits for its end", async () => {
    const ends: unknown[] = [];
    const seen: number[] = [];
    for await (const item of counting(9, (error) => ends.push(error))) {
      seen.push(item);
      if (item === 1) break;
    }
    expect(seen).toEqual([0, 1]);
    expect(ends).toEqual([LEFT]);
  });

  it("throws the producer's error after its items", async () => {
    const items = new PushIterable<number>(async (take) => {
      await take(1);
      throw new Error("broken");
    });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of items) seen.push(item);
    })();
    await expect(reading).rejects.toThrow("broken");
    expect(seen).toEqual([1]);
  });

  it("throws what a producer throws whose reader has left", async () => {
    const items = new PushIterable<number>(async (take) => {
      await take(1)?.catch(() => {
        throw new Error("cannot leave");
      });
    });
    const reading = (async () => {
      for await (const _ of items) break;
    })();
    await expect(reading).rejects.toThrow("cannot leave");
  });
});

describe("pushItemsTo", () => {
  it("takes the items of any sequence, and waits between them", async () => {
    async function* generated() {
      yield 1;
      yield 2;
    }
    const taken: string[] = [];
    await pushItemsTo(generated(), async (item) => {
      taken.push(`begin ${item}`);
      await Promise.resolve();
      taken.push(`end ${item}`);
    });
    expect(taken).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
  });

  it("passes the items of a push iterable in the producer's own turn", async () => {
    const { items, push, end } = driven();
    const taken: number[] = [];
    const reading = pushItemsTo(items, (item) => void taken.push(item));
    void push(1);
    expect(taken).toEqual([1]);
    end();
    await reading;
  });
});

describe("takeAll", () => {
  it("is done at once unless an item has to wait, and then goes on in order", async () => {
    const taken: number[] = [];
    const take = (item: number) => {
      taken.push(item);
      return item === 2 || item === 3 ? Promise.resolve() : undefined;
    };
    expect(takeAll([0, 1], take)).toBeUndefined();
    const rest = takeAll([1, 2, 3, 4], take);
    expect(taken).toEqual([0, 1, 1, 2]);
    await rest;
    expect(taken).toEqual([0, 1, 1, 2, 3, 4]);
  });
});
