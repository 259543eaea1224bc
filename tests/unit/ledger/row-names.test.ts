import { expect, it } from "vitest";
import { DAY_MS } from "../../../src/ledger/periods.ts";
import { decodeKey, type RowKey } from "../../../src/ledger/row-key.ts";
import { RowNames } from "../../../src/ledger/row-names.ts";

const KEY: RowKey = {
  caller: "web",
  group: "",
  model: "listed",
  provider: "p",
  outcome: "succeeded",
  currency: "USD",
  label: "",
  value: "",
};

const LABEL = { label: "team", value: "0" };

/** How many of these keys have rows of their own, and the name of the rest. */
function named(names: RowNames, keys: readonly Partial<RowKey>[], hour = 0) {
  const found = keys.map((key) => decodeKey(names.bound({ ...KEY, ...key }, hour)));
  return {
    own: found.filter((key, index) =>
      Object.entries(keys[index] ?? {}).every(
        ([name, value]) => key[name as keyof RowKey] === value,
      ),
    ).length,
    last: found.at(-1),
  };
}

const upTo = (count: number, of: (index: number) => Partial<RowKey>) =>
  Array.from({ length: count }, (_, index) => of(index));

it("has rows for 500 models that no list has, and for all that one has", () => {
  const names = new RowNames((model) => model.startsWith("listed"));
  const made = upTo(600, (index) => ({ model: `made-${index}` }));
  expect(named(names, made)).toMatchObject({ own: 500, last: { model: "other", provider: "p" } });
  expect(
    named(
      names,
      upTo(600, (index) => ({ model: `listed-${index}` })),
    ).own,
  ).toBe(600);
  // On the next day there is room again.
  expect(named(names, made.slice(590), DAY_MS).own).toBe(10);
});

it("has rows for 200 values of each label", () => {
  const names = new RowNames(() => true);
  const values = upTo(300, (index) => ({ ...LABEL, value: `v${index}` }));
  expect(named(names, values)).toMatchObject({
    own: 200,
    last: { value: "other", model: "listed" },
  });
  expect(
    named(
      names,
      upTo(300, (index) => ({ label: "step", value: `v${index}` })),
    ).own,
  ).toBe(200);
  expect(named(names, [{ ...LABEL, value: "" }]).own).toBe(1);
  expect(named(names, values.slice(290), DAY_MS).own).toBe(10);
});

it("one caller cannot take the room of others", () => {
  const names = new RowNames(() => true);
  const greedy = upTo(3_000, (index) => ({ model: `m${index}` }));
  expect(named(names, greedy)).toMatchObject({
    own: 2_000,
    last: { caller: "web", model: "other", provider: "other", currency: "USD" },
  });
  expect(named(names, [{ caller: "batch", model: "m1" }]).own).toBe(1);
  expect(named(names, [{ model: "m1" }]).own).toBe(1);
  expect(named(names, greedy.slice(2_990), DAY_MS).own).toBe(10);
});

it("has 20,000 rows a day, and beyond them one for each caller", () => {
  const names = new RowNames(() => true);
  expect(
    named(
      names,
      upTo(25_000, (index) => ({ caller: `c${index}`, model: "m" })),
    ).own,
  ).toBe(20_000);
  expect(named(names, [{ caller: "late" }]).last).toMatchObject({ caller: "late", model: "other" });
  expect(named(names, [{ caller: "late" }], DAY_MS).own).toBe(1);
  expect(named(names, [{ caller: "late", model: "m" }], DAY_MS).last?.model).toBe("m");
});
