import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { answered, fails, setUpEngine, succeeds } from "../../support/engine.ts";

const providers = (run: { sent: readonly { provider: string }[] }): string =>
  run.sent.map(({ provider }) => provider).join("");

describe("with nothing but paused targets left", () => {
  it("the call waits for the one whose pause ends first", async () => {
    for (const [b, c, next] of [
      [2_000, 5_000, "b"],
      [5_000, 2_000, "c"],
    ] as const) {
      const { clock, call, state } = setUpEngine({
        a: fails(answered(404)),
        b: succeeds(),
        c: succeeds(),
      });
      state("b").coolDown(b);
      state("c").coolDown(c);
      const run = call();
      await clock.advance(10_000);
      expect(await run.done).toBeUndefined();
      expect(providers(run)).toBe(`a${next}`);
      expect(run.sent[1]?.at).toBeGreaterThanOrEqual(2_000);
      expect(run.sent[1]?.at).toBeLessThan(3_000);
    }
  });

  it("none is asked more often than the request allows", async () => {
    const limited = (seconds: number) => fails(answered(429, { "retry-after": `${seconds}` }));
    const { clock, call } = setUpEngine({ a: limited(1), b: limited(3) });
    const run = call({ retry: { maxAttempts: 2, maxTotalAttempts: 8 } });
    await clock.advance(60_000);
    expect(await run.done).toMatchObject({ kind: "rate-limit" });
    const asked = providers(run);
    expect([...asked].filter((each) => each === "a").length).toBeLessThanOrEqual(2);
    expect([...asked].filter((each) => each === "b").length).toBeLessThanOrEqual(2);
  });
});

describe("a target that the call's money does not pay for", () => {
  const tooDear = new GatewayError("budget", "too dear");
  const unpaid = (...names: string[]) => ({
    unpaid: ({ model }: { readonly model: { readonly provider: string } }) =>
      names.includes(model.provider) ? tooDear : undefined,
  });

  it("is passed over once, and the next one is asked", async () => {
    const { clock, call } = setUpEngine({ a: fails(answered(404)), b: succeeds(), c: succeeds() });
    const run = call(unpaid("b"));
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("ac");
    expect(run.skipped).toEqual(["b budget"]);
    expect(run.recoveries.map(({ next }) => next.model.provider)).toEqual(["c"]);
  });

  it("ends the call with that, where no other is left", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(answered(503)), b: succeeds() });
    const run = call(unpaid("a", "b"));
    await clock.advance(10_000);
    expect(await run.done).toBe(tooDear);
    expect(providers(run)).toBe("a");
    expect(run.skipped.toSorted()).toEqual(["a budget", "b budget"]);
    expect(state("a").instance.budget.level).toBe(1);
  });
});

describe("a target that was left behind", () => {
  /** A call whose first target fails at once, and whose second is of no help after a while. */
  async function leave() {
    const set = setUpEngine({
      a: [fails(answered(429)), succeeds()],
      b: fails(answered(404), 100),
    });
    const run = set.call();
    await set.clock.advance(50);
    expect(providers(run)).toBe("ab");
    return { ...set, run };
  }

  it("is asked again where the next one is of no help", async () => {
    const { clock, run } = await leave();
    await clock.advance(30_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("aba");
  });

  it("is the one that can be asked soonest, where several were left", async () => {
    for (const [a, b, next] of [
      [2_000, 4_000, "a"],
      [4_000, 2_000, "b"],
    ] as const) {
      const limited = [fails(answered(429)), succeeds()];
      const { clock, call, state } = setUpEngine({
        a: limited,
        b: limited,
        c: fails(answered(404), 100),
      });
      const run = call();
      await clock.advance(50);
      expect(providers(run)).toBe("abc");
      state("a").coolDown(a);
      state("b").coolDown(b);
      await clock.advance(30_000);
      expect(await run.done).toBeUndefined();
      expect(providers(run)).toBe(`abc${next}`);
    }
  });

  it("is not, where it was taken out meanwhile", async () => {
    const { clock, run, state } = await leave();
    state("a").acquireProbe({ caller: "other" })?.end(answered(401));
    await clock.advance(30_000);
    expect(await run.done).toMatchObject({ kind: "not-found" });
    expect(providers(run)).toBe("ab");
  });

  it("is not, where its pause is longer than a wait may be", async () => {
    const { clock, run, state } = await leave();
    state("a").coolDown(61_000);
    await clock.advance(120_000);
    expect(await run.done).toMatchObject({ kind: "not-found" });
    expect(providers(run)).toBe("ab");
  });
});
