import { describe, expect, it } from "vitest";
import { LoadTurns } from "../../../src/doors/shared/load-turns.ts";

/** Loads that end when they are told to. */
function setUp() {
  const turns = new LoadTurns();
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const load = (caller: string, name = caller, signal = new AbortController().signal) =>
    turns.run(caller, signal, () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      running.push({ name, end: () => resolve(name) });
      return promise;
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const endAll = async () => {
    const names: string[] = [];
    for (let next = running.shift(); next !== undefined; next = running.shift()) {
      names.push(next.name);
      next.end();
      await settle();
    }
    return names;
  };
  return { load, running, settle, endAll };
}

describe("loads of stored conversations", () => {
  it("run four at a time, and callers take turns", async () => {
    const { load, running, settle, endAll } = setUp();
    const all = ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "c1"].map((name) =>
      load(name.slice(0, 1), name),
    );
    await settle();
    expect(running.map(({ name }) => name)).toEqual(["a1", "a2", "a3", "a4"]);
    expect(await endAll()).toEqual(["a1", "a2", "a3", "a4", "a5", "b1", "c1", "a6"]);
    expect(await Promise.all(all)).toHaveLength(8);
  });

  it("are refused to a caller that has too many, and to nobody else", async () => {
    const { load, settle, endAll } = setUp();
    const all = Array.from({ length: 4 + 64 }, () => load("a"));
    await settle();
    await expect(load("a")).rejects.toMatchObject({ kind: "gateway-overloaded" });
    all.push(load("b"));
    await endAll();
    expect(await Promise.all(all)).toHaveLength(69);
  });

  it("are forgotten with a call that ends, and free their place when they fail", async () => {
    const { load, settle, endAll } = setUp();
    const all = Array.from({ length: 4 }, () => load("a"));
    const gone = new AbortController();
    const left = load("a", "left", gone.signal);
    const reason = new Error("the caller is gone");
    gone.abort(reason);
    await expect(left).rejects.toBe(reason);
    await expect(load("a", "late", gone.signal)).rejects.toBe(reason);
    await settle();
    expect(await endAll()).toEqual(["a", "a", "a", "a"]);
    await Promise.all(all);
    const turns = new LoadTurns();
    const { signal } = new AbortController();
    for (let index = 0; index < 10; index++) {
      const failing = turns.run("a", signal, () => Promise.reject(reason));
      await expect(failing).rejects.toBe(reason);
    }
  });
});
