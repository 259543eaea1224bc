import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { FIRST_EJECTION_MS, setUpCircuit } from "../../support/circuit.ts";

describe("field:E7 a blip", () => {
  const { minSpanMs } = DEFAULT_SETTINGS.health;

  it.each([0, 200, 500, 999])("of %i ms opens nothing, however many calls it fails", async (ms) => {
    const { circuit, clock, fail } = setUpCircuit({ minSpanMs });
    fail(100);
    await clock.advance(ms);
    fail(100);
    expect(circuit.state).toBe("closed");
  });

  it("that goes on is an outage, in a row and by rate", async () => {
    for (const consecutiveFailures of [5, 1e9]) {
      const { circuit, clock, fail } = setUpCircuit({ minSpanMs, consecutiveFailures });
      fail(20);
      await clock.advance(minSpanMs);
      expect(circuit.state).toBe("closed");
      fail(1);
      expect(circuit.state).toBe("open");
    }
  });

  it("is over with a success: the next row has a span of its own", async () => {
    const { circuit, clock, fail, succeed } = setUpCircuit({ minSpanMs, minRequests: 1e9 });
    fail(10);
    await clock.advance(minSpanMs);
    succeed(1);
    fail(10);
    expect(circuit.state).toBe("closed");
  });

  it("that a stream's first content has ended too early goes on from its beginning", async () => {
    const { circuit, clock, acquire, fail } = setUpCircuit({ minSpanMs, minRequests: 1e9 });
    fail(4);
    const stream = acquire();
    stream.succeed();
    await clock.advance(minSpanMs);
    fail(1);
    expect(circuit.state).toBe("closed");
    stream.fail(1);
    expect(circuit.state).toBe("open");
  });

  it("does not delay the verdict about a probe", async () => {
    const { circuit, clock, fail, acquire } = setUpCircuit({ minSpanMs });
    fail(5);
    await clock.advance(minSpanMs);
    fail(1);
    await clock.advance(DEFAULT_SETTINGS.health.ejectionMs);
    acquire().fail(1);
    expect(circuit.state).toBe("open");
  });
});

describe("field:E20 a request that fails again", () => {
  it("says nothing while others succeed", () => {
    const { circuit, acquire, succeed } = setUpCircuit();
    for (let time = 0; time < 50; time++) {
      acquire().fail(1, "same");
      succeed(1);
    }
    expect(circuit.state).toBe("closed");
    // Of the fifty failures one is evidence.
    expect(circuit.snapshot()).toMatchObject({ windowFailures: 1, windowRequests: 51 });
  });

  it("counts where nothing else succeeds, and where the requests differ", () => {
    const alone = setUpCircuit();
    for (let time = 0; time < 5; time++) alone.acquire().fail(1, "same");
    expect(alone.circuit.state).toBe("open");
    const others = setUpCircuit();
    for (let time = 0; time < 5; time++) {
      others.succeed(1);
      others.acquire().fail(1, `request ${time}`);
    }
    expect(others.circuit.state).toBe("open");
  });

  it.each([
    [1, 9],
    [3, 7],
    [9, 10],
  ])(
    "%i distinct prompts that fail beside %i calls that succeed eject nothing",
    async (bad, good) => {
      const { circuit, clock, acquire, succeed } = setUpCircuit(DEFAULT_SETTINGS.health);
      for (let second = 0; second < 120; second++) {
        for (let index = 0; index < Math.max(bad, good); index++) {
          if (index < good) succeed(1);
          if (index < bad) acquire().fail(1, `${second} ${index}`);
        }
        await clock.advance(1_000);
      }
      expect(circuit.state).toBe("closed");
    },
  );

  it("as many distinct ones as calls that succeed look like a target that is sick", async () => {
    const { circuit, clock, acquire, succeed } = setUpCircuit(DEFAULT_SETTINGS.health);
    for (let index = 0; circuit.state === "closed" && index < 100; index++) {
      succeed(1);
      acquire().fail(1, String(index));
      await clock.advance(200);
    }
    expect(circuit.state).toBe("open");
  });

  it("keeps no more marks than a bound", () => {
    const { circuit, acquire, succeed } = setUpCircuit({
      minRequests: 1e9,
      consecutiveFailures: 1e9,
    });
    for (let time = 0; time < 10_000; time++) acquire().fail(1, `request ${time}`);
    succeed(1);
    // The oldest is forgotten, and is evidence again.
    acquire().fail(1, "request 0");
    acquire().fail(1, "request 9999");
    expect(circuit.snapshot().consecutiveFailures).toBe(1);
  });

  it("frees the probe's lease, so that another request can find out", async () => {
    const { circuit, clock, acquire, succeed, fail } = setUpCircuit({ minRequests: 1e9 });
    acquire().fail(1, "same");
    succeed(1);
    fail(5);
    await clock.advance(DEFAULT_SETTINGS.health.ejectionMs);
    acquire().fail(1, "same");
    expect(circuit.tryAcquire()?.isProbe).toBe(true);
  });
});

describe("changes", () => {
  it("are told with their evidence", async () => {
    const { clock, fail, acquire, told } = setUpCircuit({ minSpanMs: 1_000 });
    fail(5);
    await clock.advance(1_200);
    fail(1);
    await clock.advance(FIRST_EJECTION_MS);
    acquire().fail(1);
    await clock.advance(2 * FIRST_EJECTION_MS);
    acquire().succeed();
    expect(told).toEqual([
      {
        state: "open",
        forMs: FIRST_EJECTION_MS,
        evidence: { type: "failures-in-a-row", failures: 6, spanMs: 1_200 },
      },
      { state: "open", forMs: 2 * FIRST_EJECTION_MS, evidence: { type: "probe-failed" } },
      { state: "closed", afterMs: 3 * FIRST_EJECTION_MS },
    ]);
  });

  it("by rate name the calls", async () => {
    const { clock, fail, succeed, told } = setUpCircuit({ minSpanMs: 1_000 });
    succeed(5);
    fail(4);
    await clock.advance(1_000);
    succeed(1);
    fail(2);
    expect(told).toMatchObject([
      { state: "open", evidence: { type: "failure-rate", failures: 6, requests: 12 } },
    ]);
  });

  it("wake those who wait for them, and an abort or the time ends the wait", async () => {
    const { circuit, clock, fail } = setUpCircuit();
    const signal = new AbortController();
    const woken: string[] = [];
    void circuit.changed(60_000, signal.signal).then(() => woken.push("change"));
    fail(5);
    await clock.advance(0);
    void circuit.changed(50, signal.signal).then(() => woken.push("time"));
    await clock.advance(50);
    void circuit.changed(60_000, signal.signal).catch(() => woken.push("abort"));
    signal.abort();
    await clock.advance(0);
    expect(woken).toEqual(["change", "time", "abort"]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a probe that ends without a result", () => {
  it.each(["release", "withdraw"] as const)("wakes those who wait for it: %s", async (end) => {
    const { circuit, clock, acquire, fail } = setUpCircuit();
    fail(5);
    await clock.advance(FIRST_EJECTION_MS);
    const probe = acquire();
    let isWoken = false;
    void circuit.changed(60_000, new AbortController().signal).then(() => {
      isWoken = true;
    });
    await clock.advance(0);
    expect(isWoken).toBe(false);
    probe[end]();
    await clock.advance(0);
    expect(isWoken).toBe(true);
  });
});

describe("a probe before the end of the ejection", () => {
  const opened = () => {
    const all = setUpCircuit();
    all.fail(5);
    return all;
  };

  it.each([1, 3, 20])(
    "that fails %i times changes neither the ejection nor the log",
    async (times) => {
      const { circuit, clock, acquire, told } = opened();
      for (let time = 0; time < times; time++) {
        acquire(true).fail(1);
        expect(circuit.snapshot()).toMatchObject({ state: "open", nextProbeAt: FIRST_EJECTION_MS });
        await clock.advance(10);
      }
      expect(told).toHaveLength(1);
      // The probe at its end is the first evidence since then.
      await clock.advance(FIRST_EJECTION_MS);
      acquire().fail(1);
      expect(told.at(-1)).toMatchObject({
        state: "open",
        forMs: 2 * FIRST_EJECTION_MS,
        evidence: { type: "probe-failed" },
      });
    },
  );

  it("that says nothing leaves the ejection as it was", async () => {
    for (const end of ["release", "withdraw"] as const) {
      const { circuit, acquire } = opened();
      acquire(true)[end]();
      expect(circuit.state).toBe("open");
      expect(circuit.tryAcquire()).toBeUndefined();
    }
  });

  it("that fails behind it is as good as one that waited", async () => {
    const { clock, acquire, told } = opened();
    const probe = acquire(true);
    await clock.advance(FIRST_EJECTION_MS);
    probe.fail(1);
    expect(told.at(-1)).toMatchObject({ state: "open", forMs: 2 * FIRST_EJECTION_MS });
  });

  it("that succeeds closes the circuit, and says how long it was open", async () => {
    const { circuit, clock, acquire, told } = opened();
    await clock.advance(400);
    acquire(true).succeed();
    expect(circuit.state).toBe("closed");
    expect(told.at(-1)).toEqual({ state: "closed", afterMs: 400 });
  });
});
