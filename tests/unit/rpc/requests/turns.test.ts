import { expect, it } from "vitest";
import { Turns } from "../../../../src/rpc/requests/turns.ts";

const KIB = 1_024;

/** Work that goes on until it is told to end. */
function work(turns: Turns, weight: number, bytes = 0, caller = "a") {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let hasBegun = false;
  const ended = turns.enter({ caller, weight, bytes }).then((leave) => {
    hasBegun = true;
    return promise.finally(leave);
  });
  return {
    ended,
    end: () => resolve("done"),
    fail: () => reject(new Error("no")),
    get hasBegun() {
      return hasBegun;
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("field:X3 begins what is within the bound together, and the rest in its order", async () => {
  const turns = new Turns(10, KIB * KIB);
  const [first, second, third, fourth] = [
    work(turns, 6),
    work(turns, 3),
    work(turns, 6),
    work(turns, 1),
  ];
  await settle();
  // The small one at the end does not pass the one before it, or that would wait for ever.
  expect([first, second, third, fourth].map((one) => one?.hasBegun)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(turns.weight).toBe(9);
  second?.end();
  await settle();
  expect(third?.hasBegun).toBe(false);
  first?.end();
  expect(await first?.ended).toBe("done");
  await settle();
  expect([third?.hasBegun, fourth?.hasBegun]).toEqual([true, true]);
  expect(turns.weight).toBe(7);
  third?.end();
  fourth?.end();
  await Promise.all([third?.ended, fourth?.ended]);
  expect(turns.weight).toBe(0);
});

it("field:X3 lets what is heavier than the bound go on alone", async () => {
  const turns = new Turns(10, KIB * KIB);
  const [heavy, next] = [work(turns, 100), work(turns, 1)];
  await settle();
  expect([heavy?.hasBegun, next?.hasBegun]).toEqual([true, false]);
  heavy?.end();
  await settle();
  expect(next?.hasBegun).toBe(true);
  next?.end();
  await next?.ended;
});

it("field:X3 gives back the weight of what fails", async () => {
  const turns = new Turns(10, KIB * KIB);
  const [failing, next] = [work(turns, 10), work(turns, 10)];
  await settle();
  failing?.fail();
  await expect(failing?.ended).rejects.toThrow("no");
  await settle();
  expect(next?.hasBegun).toBe(true);
  next?.end();
  await next?.ended;
  expect(turns.weight).toBe(0);
});

it("field:X3 refuses what would wait with too many bytes, and takes more when those have begun", async () => {
  const turns = new Turns(1, 40 * KIB);
  const [first, second] = [work(turns, 1), work(turns, 1, 5 * KIB)];
  await settle();
  const refused = { kind: "gateway-overloaded" };
  await expect(work(turns, 1, 5 * KIB).ended).rejects.toMatchObject(refused);
  const third = work(turns, 1, KIB);
  first?.end();
  await settle();
  const fourth = work(turns, 1, 6 * KIB);
  for (const one of [second, third, fourth]) one?.end();
  expect(await Promise.all([second?.ended, third.ended, fourth.ended])).toHaveLength(3);
});

it("field:X3 refuses so many that hold next to nothing, too", async () => {
  const turns = new Turns(1, 40 * KIB);
  const first = work(turns, 1);
  const waiting = Array.from({ length: 10 }, () => work(turns, 1));
  await settle();
  await expect(work(turns, 1).ended).rejects.toMatchObject({ kind: "gateway-overloaded" });
  for (const one of [first, ...waiting]) one.end();
  await Promise.all(waiting.map(({ ended }) => ended));
});

it("field:X3 callers take turns, whoever has more that waits", async () => {
  const turns = new Turns(1, 100 * KIB);
  const begun: string[] = [];
  const run = (caller: string) =>
    turns.enter({ caller, weight: 1, bytes: 0 }).then((leave) => {
      begun.push(caller);
      leave();
    });
  const all = ["flood", "flood", "flood", "flood", "other", "other", "third"].map(run);
  await Promise.all(all);
  expect(begun).toEqual(["flood", "flood", "other", "third", "flood", "other", "flood"]);
});

it("field:X3 one caller's bytes that wait leave room for those of others, which have a bound together", async () => {
  const turns = new Turns(1, 40 * KIB);
  const refused = { kind: "gateway-overloaded" };
  // What has begun waits no more.
  for (let round = 0; round < 2; round++) {
    const running = work(turns, 1);
    const waiting = ["a", "b", "c", "d"].map((caller) => work(turns, 1, 9 * KIB, caller));
    await settle();
    await expect(work(turns, 1, 0, "a").ended).rejects.toMatchObject(refused);
    await expect(work(turns, 1, 0, "e").ended).rejects.toMatchObject(refused);
    for (const one of [running, ...waiting]) one.end();
    await Promise.all(waiting.map(({ ended }) => ended));
  }
});
