import { describe, expect, it } from "vitest";
import { FIRST_EJECTION_MS, setUpCircuit, TEST_HEALTH } from "../../support/circuit.ts";

describe("opening", () => {
  it("opens after failures in a row, and not one earlier", () => {
    const { circuit, fail } = setUpCircuit();
    fail(4);
    expect(circuit.state).toBe("closed");
    fail(1);
    expect(circuit.state).toBe("open");
    expect(circuit.tryAcquire()).toBeUndefined();
  });

  it("begins the row anew after a success", () => {
    const { circuit, fail, succeed } = setUpCircuit({ failureRate: 1 });
    fail(4);
    succeed(1);
    fail(4);
    expect(circuit.state).toBe("closed");
  });

  it("opens by rate, from the least number of calls on", () => {
    const { circuit, fail, succeed } = setUpCircuit();
    for (let pair = 0; pair < 4; pair++) {
      succeed(1);
      fail(1);
    }
    expect(circuit.state).toBe("closed");
    succeed(1);
    fail(1);
    expect(circuit.snapshot().state).toBe("open");
  });

  it("opens by rate only after the failures have lasted", async () => {
    const { circuit, clock, fail, succeed } = setUpCircuit({ minSpanMs: 1_000 });
    // The clock does not begin at 0.
    await clock.advance(5_000);
    for (let pair = 0; pair < 10; pair++) {
      succeed(1);
      fail(1);
    }
    expect(circuit.state).toBe("closed");
    await clock.advance(1_000);
    succeed(1);
    fail(1);
    expect(circuit.state).toBe("open");
  });

  it("stays closed below the rate", () => {
    const { circuit, fail, succeed } = setUpCircuit();
    for (let round = 0; round < 50; round++) {
      succeed(2);
      fail(1);
    }
    expect(circuit.state).toBe("closed");
  });

  it("counts an overload as half a failure", () => {
    const { circuit, fail } = setUpCircuit({ minRequests: 1_000 });
    fail(9, 0.5);
    expect(circuit.state).toBe("closed");
    expect(circuit.snapshot()).toMatchObject({ consecutiveFailures: 4, windowRequests: 9 });
    fail(1, 0.5);
    expect(circuit.state).toBe("open");
  });

  it("forgets what is older than the window", async () => {
    const { circuit, clock, fail, succeed } = setUpCircuit({
      minRequests: 4,
      consecutiveFailures: 99,
    });
    fail(3);
    await clock.advance(TEST_HEALTH.windowMs + 1);
    succeed(1);
    expect(circuit.snapshot()).toMatchObject({ windowRequests: 1, windowFailures: 0 });
    expect(circuit.state).toBe("closed");
  });

  it("counts streams that break after their content as a row", () => {
    const { circuit, acquire } = setUpCircuit({ failureRate: 1, minRequests: 1_000 });
    for (let stream = 0; stream < 5; stream++) {
      const permit = acquire();
      permit.succeed();
      permit.fail(1);
    }
    expect(circuit.state).toBe("open");
  });

  it("does not bring back a row that a whole success has ended", () => {
    const { circuit, acquire, fail, succeed } = setUpCircuit({ minRequests: 1_000 });
    fail(4);
    const long = acquire();
    long.succeed();
    succeed(20);
    long.fail(1);
    expect(circuit.state).toBe("closed");
    expect(circuit.snapshot().consecutiveFailures).toBe(1);
  });

  it("hears nothing from a call that began before it opened", () => {
    const { circuit, acquire, fail } = setUpCircuit();
    const early = acquire();
    fail(5);
    early.succeed();
    expect(circuit.state).toBe("open");
  });

  it("hears nothing of the failures of calls that are older than its last closing", async () => {
    const { circuit, clock, acquire, fail } = setUpCircuit({ failureRate: 1 });
    const early = Array.from({ length: 6 }, () => acquire());
    fail(5);
    await clock.advance(FIRST_EJECTION_MS);
    acquire().succeed();
    expect(circuit.state).toBe("closed");
    for (const permit of early.slice(0, 5)) permit.fail(1);
    acquire();
    early[5]?.withdraw();
    expect(circuit.snapshot()).toMatchObject({
      state: "closed",
      consecutiveFailures: 0,
      windowFailures: 0,
      windowRequests: 1,
    });
  });

  it.each(["fail", "succeed", "release"] as const)(
    "hears nothing of an older call while a probe runs: %s",
    async (end) => {
      const { circuit, clock, acquire, fail } = setUpCircuit();
      const early = acquire();
      fail(5);
      await clock.advance(FIRST_EJECTION_MS);
      expect(acquire().isProbe).toBe(true);
      if (end === "fail") early.fail(1);
      else early[end]();
      expect(circuit.state).toBe("half-open");
      expect(circuit.tryAcquire()).toBeUndefined();
    },
  );

  it("hears nothing of a probe that a reset has overtaken", () => {
    const { circuit, acquire, fail } = setUpCircuit();
    fail(5);
    const early = acquire(true);
    circuit.reset();
    fail(5);
    expect(acquire(true).isProbe).toBe(true);
    early.release();
    expect(circuit.state).toBe("half-open");
    expect(circuit.tryAcquire(true)).toBeUndefined();
  });
});

describe("ejection", () => {
  it("doubles up to the longest, and jitter only shortens it", async () => {
    for (const random of [0, 0.999]) {
      const { circuit, clock, fail } = setUpCircuit({}, random);
      fail(5);
      const lengths: number[] = [];
      for (let round = 0; round < 5; round++) {
        const until = circuit.snapshot().nextProbeAt ?? 0;
        lengths.push(until - clock.now());
        await clock.advance(until - clock.now());
        circuit.tryAcquire()?.fail(1);
      }
      for (const [index, longest] of [10_000, 20_000, 30_000, 30_000, 30_000].entries()) {
        expect(lengths[index]).toBeLessThanOrEqual(longest);
        expect(lengths[index]).toBeGreaterThanOrEqual(longest * 0.8);
      }
    }
  });

  it("is short again after a window without one", async () => {
    const { circuit, clock, fail, succeed } = setUpCircuit();
    fail(5);
    await clock.advance(FIRST_EJECTION_MS);
    circuit.tryAcquire()?.fail(1);
    await clock.advance(30_000);
    succeed(1);
    expect(circuit.state).toBe("closed");
    await clock.advance(TEST_HEALTH.windowMs + 1);
    fail(5);
    expect(circuit.snapshot().nextProbeAt).toBe(clock.now() + FIRST_EJECTION_MS);
  });

  it("ends with a reset", () => {
    const { circuit, fail, told } = setUpCircuit();
    fail(5);
    circuit.reset();
    expect(circuit.snapshot()).toMatchObject({ state: "closed", windowRequests: 0 });
    expect(told.map(({ state }) => state)).toEqual(["open", "closed"]);
    circuit.reset();
    expect(told).toHaveLength(2);
    fail(4);
    expect(circuit.state).toBe("closed");
  });
});

describe("probes", () => {
  async function halfOpen() {
    const all = setUpCircuit();
    all.fail(5);
    await all.clock.advance(FIRST_EJECTION_MS);
    const probe = all.acquire();
    return { ...all, probe };
  }

  it("go one at a time, and the first content closes the circuit", async () => {
    const { circuit, probe } = await halfOpen();
    expect(probe.isProbe).toBe(true);
    expect(circuit.state).toBe("half-open");
    expect(circuit.tryAcquire()).toBeUndefined();
    expect(circuit.tryAcquire(true)).toBeUndefined();
    probe.succeed();
    expect(circuit.state).toBe("closed");
  });

  it("open it again when they fail", async () => {
    const { circuit, probe, clock } = await halfOpen();
    probe.fail(0.5);
    expect(circuit.state).toBe("open");
    expect(circuit.openAt).toBe(clock.now() + 2 * FIRST_EJECTION_MS);
  });

  it("A-50: make way at once where they end without a result", async () => {
    const { circuit, probe } = await halfOpen();
    probe.release();
    expect(circuit.tryAcquire()?.isProbe).toBe(true);
  });

  it("A-50: cannot hold the circuit where they are lost", async () => {
    const { circuit, clock } = await halfOpen();
    await clock.advance(2 * TEST_HEALTH.probeFirstTokenMs - 1);
    expect(circuit.tryAcquire()).toBeUndefined();
    await clock.advance(1);
    expect(circuit.tryAcquire()?.isProbe).toBe(true);
  });

  it("do not give back a lease that another one holds", async () => {
    const { circuit, clock, probe } = await halfOpen();
    await clock.advance(2 * TEST_HEALTH.probeFirstTokenMs);
    expect(circuit.tryAcquire()).toBeDefined();
    probe.release();
    expect(circuit.tryAcquire()).toBeUndefined();
  });

  it("go early where every target is out", async () => {
    const { circuit, fail } = setUpCircuit();
    fail(5);
    expect(circuit.tryAcquire(true)?.isProbe).toBe(true);
    expect(circuit.tryAcquire(true)).toBeUndefined();
  });
});
