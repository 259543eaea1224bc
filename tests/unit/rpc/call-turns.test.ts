import { expect, it } from "vitest";
import { CallTurns } from "../../../src/rpc/call-turns.ts";

/** Turns of the event loop by hand. */
function setUp() {
  const due: (() => void)[] = [];
  const turns = new CallTurns((next) => due.push(next));
  const connections = new Map<string, object>();
  const begun: string[] = [];
  return {
    begun,
    due,
    enter(connection: string, times = 1): void {
      const key = connections.get(connection) ?? {};
      connections.set(connection, key);
      for (let call = 0; call < times; call++) {
        turns.enter(key, () => begun.push(`${connection}${call}`));
      }
    },
    turn(): void {
      for (const next of due.splice(0)) next();
    },
  };
}

const numbers = (connection: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${connection}${from + index}`);

it("lets calls begin at once, and 32 of a burst in each turn, in their order", () => {
  const { begun, due, enter, turn } = setUp();
  enter("a", 80);
  expect(begun).toEqual(numbers("a", 0, 32));
  turn();
  expect(begun).toHaveLength(64);
  turn();
  expect(begun).toEqual(numbers("a", 0, 80));
  expect(due).toEqual([]);
  enter("b");
  expect(begun.at(-1)).toBe("b0");
});

it("costs no callback for a few calls", () => {
  const { due, enter } = setUp();
  enter("a", 31);
  expect(due).toEqual([]);
});

it("lets connections begin by turns", () => {
  const { begun, enter, turn } = setUp();
  enter("a", 1_000);
  enter("b", 3);
  enter("c", 2);
  begun.length = 0;
  turn();
  expect(begun.slice(0, 9)).toEqual(["a32", "b0", "c0", "a33", "b1", "c1", "a34", "b2", "a35"]);
  expect(begun).toHaveLength(32);
});

it("lets every connection begin, however many there are", () => {
  const { begun, enter, turn } = setUp();
  for (let index = 0; index < 100; index++) enter(`${index}-`, 2);
  turn();
  turn();
  turn();
  expect(new Set(begun.map((call) => call.split("-")[0])).size).toBe(100);
});

it("lets no call of a turn pass those who wait", () => {
  const { begun, enter, turn } = setUp();
  enter("a", 33);
  enter("b");
  enter("a");
  begun.length = 0;
  turn();
  expect(begun).toEqual(["a32", "b0", "a0"]);
});
