import { expect, it } from "vitest";
import { TurnsByCaller } from "../../../src/domain/turns-by-caller.ts";

function waiting(...items: readonly string[]): TurnsByCaller<string> {
  const turns = new TurnsByCaller<string>();
  for (const item of items) turns.add(item.slice(0, 1), item);
  return turns;
}

function taken(turns: TurnsByCaller<string>): readonly string[] {
  const items: string[] = [];
  for (let item = turns.take(); item !== undefined; item = turns.take()) items.push(item);
  return items;
}

it("lets callers take turns, and each caller's items go in their order", () => {
  expect(taken(waiting("a1", "a2", "a3", "b1", "c1", "c2"))).toEqual([
    "a1",
    "b1",
    "c1",
    "a2",
    "c2",
    "a3",
  ]);
});

it("puts a caller that comes back behind those that wait", () => {
  const turns = waiting("a1", "b1", "b2");
  expect(turns.take()).toBe("a1");
  turns.add("a", "a2");
  expect(taken(turns)).toEqual(["b1", "a2", "b2"]);
});

it("shows what it takes next", () => {
  const turns = waiting("a1", "b1");
  expect([turns.peek(), turns.take(), turns.peek(), turns.take(), turns.peek()]).toEqual([
    "a1",
    "a1",
    "b1",
    "b1",
    undefined,
  ]);
});

it("removes an item once, and counts", () => {
  const turns = waiting("a1", "a2", "b1");
  expect(turns.remove("a", "a1")).toBe(true);
  expect(turns.remove("a", "a1")).toBe(false);
  expect(turns.remove("c", "c1")).toBe(false);
  expect([turns.length, turns.lengthOf("a"), turns.lengthOf("c")]).toEqual([2, 1, 0]);
  expect([...turns]).toEqual(["a2", "b1"]);
  expect(turns.remove("b", "b1")).toBe(true);
  expect([taken(turns), turns.length]).toEqual([["a2"], 0]);
});
