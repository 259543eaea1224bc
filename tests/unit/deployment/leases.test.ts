import { describe, expect, it } from "vitest";
import { type AdapterHold, Adapters } from "../../../src/deployment/adapters.ts";
import { Leases } from "../../../src/deployment/leases.ts";
import type { Provider } from "../../../src/providers/provider.ts";

/** Whole numbers below `below` from a seed: the same for every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Instance {
  readonly key: string;
  closed: number;
}

/** A provider that counts how often it was closed. */
function providerOf(instance: Instance): Provider {
  return {
    async *generate() {},
    async close() {
      instance.closed++;
    },
  };
}

const fail = (error: unknown): never => {
  throw error;
};

/** A deployment as the service has it: holds of adapters that end with its last lease. */
async function deploy(adapters: Adapters, keys: readonly string[], made: Instance[]) {
  const holds: AdapterHold[] = [];
  for (const key of keys) {
    const create = async () => {
      const instance = { key, closed: 0 };
      made.push(instance);
      return providerOf(instance);
    };
    holds.push(await adapters.hold(key, create));
  }
  const leases = new Leases(() => {
    for (const { release } of holds) release();
  });
  return { keys, leases };
}

/** Calls and reloads in a random order, with a look at what is open after each. */
async function playOut(random: (below: number) => number): Promise<void> {
  const adapters = new Adapters(fail);
  const made: Instance[] = [];
  const pick = (): string[] => ["a", "b", "c"].map((id) => `${id}${random(3)}`);
  const openKeys = (): string[] =>
    made.flatMap(({ key, closed }) => (closed === 0 ? [key] : [])).sort();
  let current = await deploy(adapters, pick(), made);
  const calls: { readonly keys: readonly string[]; readonly release: () => void }[] = [];
  for (let step = 0; step < 60; step++) {
    const action = random(4);
    const call = calls[random(Math.max(1, calls.length))];
    if (action === 0) {
      const before = current;
      current = await deploy(adapters, pick(), made);
      before.leases.retire();
    } else if (action === 1 && call !== undefined) {
      calls.splice(calls.indexOf(call), 1);
      call.release();
      if (random(2) === 0) call.release();
    } else calls.push({ keys: current.keys, release: current.leases.take() });
    await new Promise(setImmediate);
    // What a call or the deployment in force can use is open, each once, and nothing else is.
    const used = new Set([...current.keys, ...calls.flatMap(({ keys }) => keys)]);
    expect(openKeys()).toEqual([...used].sort());
  }
  await adapters.close();
  for (const { release } of calls) release();
  current.leases.retire();
  await new Promise(setImmediate);
  expect(made.map(({ closed }) => closed)).toEqual(made.map(() => 1));
}

describe("leases", () => {
  it("close each adapter once, after its last user, in any order of calls and reloads", async () => {
    for (let seed = 1; seed <= 200; seed++) await playOut(createRandom(seed));
  });

  it("are refused where everything has ended", () => {
    const leases = new Leases(() => {});
    leases.retire();
    expect(() => leases.take()).toThrow(/ended/);
  });

  it("end once, although the owner retires twice", () => {
    let ends = 0;
    const leases = new Leases(() => void ends++);
    const release = leases.take();
    leases.retire();
    leases.retire();
    release();
    expect(ends).toBe(1);
  });
});

describe("adapters", () => {
  it("are made once for holders that come at the same time, and closed with the last", async () => {
    const adapters = new Adapters(fail);
    const instance = { key: "a", closed: 0 };
    let made = 0;
    const create = async (): Promise<Provider> => {
      made++;
      await new Promise(setImmediate);
      return providerOf(instance);
    };
    const [first, second] = await Promise.all([
      adapters.hold("a", create),
      adapters.hold("a", create),
    ]);
    expect(made).toBe(1);
    expect(first?.provider).toBe(second?.provider);
    first?.release();
    first?.release();
    await new Promise(setImmediate);
    expect(instance.closed).toBe(0);
    second?.release();
    await adapters.close();
    expect(instance.closed).toBe(1);
  });

  it("that could not be made are forgotten, and made by the next holder", async () => {
    const adapters = new Adapters(fail);
    const refused = adapters.hold("a", () => Promise.reject(new Error("no")));
    await expect(refused).rejects.toThrow("no");
    const instance = { key: "a", closed: 0 };
    await adapters.hold("a", async () => providerOf(instance));
    await adapters.close();
    expect(instance.closed).toBe(1);
  });

  it("that cannot be closed are told of, and hold up nothing", async () => {
    const failures: unknown[] = [];
    const adapters = new Adapters((error) => failures.push(error));
    const create = async (): Promise<Provider> => ({
      async *generate() {},
      close: () => Promise.reject(new Error("stuck")),
    });
    await adapters.hold("a", create);
    await adapters.close();
    expect(failures).toMatchObject([{ message: "stuck" }]);
  });
});
