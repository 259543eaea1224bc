import fc from "fast-check";
import { expect, it } from "vitest";
import { type Linked, StreamList } from "../../../../src/streams/memory/stream-list.ts";

interface Entry extends Linked<Entry> {
  readonly name: number;
}

const entryOf = (name: number): Entry => ({
  name,
  list: undefined,
  before: undefined,
  after: undefined,
});

it("two lists have their entries in the order of arrays, and each entry is in one", () => {
  const step = fc.record({ entry: fc.nat(7), list: fc.nat(1), isAdded: fc.boolean() });
  const property = fc.property(fc.array(step), (steps) => {
    const entries = Array.from({ length: 8 }, (_, name) => entryOf(name));
    const lists = [new StreamList<Entry>(), new StreamList<Entry>()];
    const model: Entry[][] = [[], []];
    for (const { entry: name, list: index, isAdded } of steps) {
      const entry = entries[name] as Entry;
      const wasIn = model[index]?.includes(entry) === true;
      const without = model.map((list) => list.filter((each) => each !== entry));
      if (isAdded) {
        lists[index]?.add(entry);
        model.splice(0, 2, ...without);
        model[index]?.push(entry);
      } else {
        expect(lists[index]?.delete(entry)).toBe(wasIn);
        if (wasIn) model.splice(0, 2, ...without);
      }
      expect(lists.map((list) => [...list])).toEqual(model);
      expect(lists.map(({ first }) => first)).toEqual(model.map(([first]) => first));
    }
  });
  fc.assert(property);
});

it("an iteration goes on behind an entry that leaves for another list", () => {
  const [from, to] = [new StreamList<Entry>(), new StreamList<Entry>()];
  for (const name of [0, 1, 2]) from.add(entryOf(name));
  for (const entry of from) to.add(entry);
  expect([...from]).toEqual([]);
  expect(Array.from(to, ({ name }) => name)).toEqual([0, 1, 2]);
});
