import { describe, expect, it } from "vitest";
import { ConfigProblem, count, duration, restricted, text } from "../../../src/config/readers.ts";
import { object, reshaped } from "../../../src/config/sections.ts";

const section = object(
  { id: text, first_token: duration, short_wait: restricted(duration, (ms) => ms < 9, "is long") },
  ["id"],
);

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigProblem) return `${error.path.join(".")}: ${error.message}`;
    throw error;
  }
  return "no problem";
}

describe("object", () => {
  it("names fields in camel case, with their unit", () => {
    const given = { short_wait: "2ms", id: "a", first_token: "3s" };
    expect(section(given, [])).toEqual({ id: "a", firstTokenMs: 3_000, shortWaitMs: 2 });
  });

  it("orders fields as the schema does, so that equal sections have one JSON text", () => {
    const texts = [
      { id: "a", first_token: "3s" },
      { first_token: "3s", id: "a" },
    ].map((given) => JSON.stringify(section(given, [])));
    expect(texts[0]).toBe(texts[1]);
  });

  it("has no field for a key that is left out or null", () => {
    expect(Object.keys(section({ id: "a", first_token: null }, []))).toEqual(["id"]);
  });

  it.each([
    [{ first_token: "1s" }, "at.id: is required"],
    [{ id: null }, "at.id: is required"],
    [{ id: "a", short_wait: "9ms" }, "at.short_wait: is long"],
    [{ id: "a", firts_token: "1s" }, "at.firts_token: unknown key; did you mean first_token?"],
    [[], "at: must be a mapping"],
  ])("refuses %j", (given, problem) => {
    expect(problemOf(() => section(given, ["at"]))).toBe(problem);
  });
});

it("reshaped hands on the section that was read, and shows its keys", () => {
  const doubled = reshaped(object({ max_parts: count }), ({ maxParts = 0 }) => 2 * maxParts);
  expect(doubled({ max_parts: 4 }, [])).toBe(8);
  expect(Object.keys(doubled.fields)).toEqual(["max_parts"]);
});
