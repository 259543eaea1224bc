import { expect, it } from "vitest";
import { StartTurns } from "../../../../src/rpc/requests/start-turns.ts";

/** Turns of the event loop by hand. */
function setUp() {
  const due: (() => void)[] = [];
  const turns = new StartTurns((next) => due.push(next));
  const begun: string[] = [];
  return {
    begun,
    due,
    start(caller: string, times = 1): void {
      for (let call = 0; call < times; call++) {
        const wait = turns.take(caller);
        if (wait === undefined) begun.push(caller);
        else void wait.then(() => begun.push(caller));
      }
    },
    async turn(): Promise<void> {
      for (const next of due.splice(0)) next();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

it("lets calls begin at once, and sixteen of a burst in each turn", async () => {
  const { begun, due, start, turn } = setUp();
  start("a", 40);
  expect(begun).toHaveLength(16);
  await turn();
  expect(begun).toHaveLength(32);
  await turn();
  expect(begun).toHaveLength(40);
  await turn();
  expect(due).toEqual([]);
  start("a");
  expect(begun).toHaveLength(41);
});

it("lets a caller's call begin in the turn after its arrival, behind whatever burst of another", async () => {
  const { begun, start, turn } = setUp();
  start("flood", 1_000);
  start("other", 2);
  await turn();
  // Each in turn; then the rest of the turn is the flood's.
  expect(begun.slice(16, 20)).toEqual(["flood", "other", "flood", "other"]);
  expect(begun).toHaveLength(32);
});

it("lets nobody pass those who wait", async () => {
  const { begun, start, turn } = setUp();
  start("a", 17);
  start("b");
  expect(begun).toHaveLength(16);
  await turn();
  expect(begun.slice(16)).toEqual(["a", "b"]);
});
