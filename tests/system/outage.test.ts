import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AdminService, CircuitState } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { because } from "../support/explained-settings.ts";
import { eventually, type Stack } from "../support/stack.ts";
import { ask, CALM, requestsOf, script, startTargets, through } from "../support/targets.ts";

const { getProviderStatus, getRetryMetrics } = AdminService.method;
const MODES = ["unary", "stream"] as const;
/** Shipped: 10 s for the first ejection, 30 s for the longest. */
const EJECTION_MS = 400;
/** Ejections are up to a fifth shorter, and this machine's clock is read at both ends. */
const SHORTEST_MS = EJECTION_MS * 0.8 - 20;

let stack: Stack | undefined;

async function start(config: object): Promise<Stack> {
  stack = await startTargets(config);
  return stack;
}

afterEach(async () => {
  await stack?.[Symbol.asyncDispose]();
  stack = undefined;
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function circuitOf({ client }: Stack, id: string) {
  const { providers } = await client.unary(getProviderStatus, { providers: [id] });
  return providers[id]?.circuit?.state;
}

describe("a primary that answers 503 for a while, with ejections of 400 ms in place of 10 to 30 s,", () => {
  it("costs no call, gets one probe per ejection, and is used again one ejection after it works", async () => {
    const ejection = `${EJECTION_MS}ms`;
    const { retry } = CALM;
    const health = because("the process keeps real time, and six ejections pass", {
      ejection,
      max_ejection: ejection,
    });
    const own = await start({ retry, health });
    const scripts = { a: script({ tokens: 3 }), b: script({ tokens: 3 }) };
    const served = new Map<string, number>();
    const failed: string[] = [];
    let running = true;

    async function caller(mode: (typeof MODES)[number]): Promise<void> {
      while (running) {
        const { code, message, generation } = await ask(own.client, mode, through(scripts));
        const provider = generation?.provider ?? "";
        if (code !== 0) failed.push(message);
        served.set(provider, (served.get(provider) ?? 0) + 1);
        await pause(5);
      }
    }

    const callers = [...MODES, ...MODES].map(caller);
    await eventually(() => (served.get("a") ?? 0) > 20);
    own.upstream.outages.set("a", { attempt: 0, status: 503 });
    await eventually(async () => (await circuitOf(own, "a")) !== CircuitState.CLOSED);
    const openAt = performance.now();
    const afterOpen = requestsOf(own, "a").length;
    await pause(EJECTION_MS * 6);
    await eventually(() => (served.get("b") ?? 0) > 50);
    const probes = requestsOf(own, "a").slice(afterOpen);
    own.upstream.outages.clear();
    const worksAt = performance.now();
    await eventually(async () => (await circuitOf(own, "a")) === CircuitState.CLOSED);
    const closedAfterMs = performance.now() - worksAt;
    const before = served.get("a") ?? 0;
    await eventually(() => (served.get("a") ?? 0) > before + 20);
    running = false;
    await Promise.all(callers);

    expect(failed).toEqual([]);
    expect([...served.keys()].sort()).toEqual(["a", "b"]);
    // At least one, or nobody would learn that it works again; never two in one interval.
    const times = [openAt, ...probes.map(({ receivedAt }) => receivedAt)];
    expect(probes.length).toBeGreaterThanOrEqual(3);
    const gaps = times.slice(2).map((time, index) => time - Number(times[index + 1]));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(SHORTEST_MS);
    // One ejection, and slack for a busy machine.
    expect(closedAfterMs).toBeLessThan(EJECTION_MS + 2_000);
  });
});

describe("with every call failing", { timeout: 300_000 }, () => {
  const CALLS = 2_000;
  const AT_A_TIME = 20;
  /** 500 tokens, or one second of the usual calls; 14 for each; filled anew in a minute. */
  const repetitionsPaid = (seconds: number): number => {
    const times = own.upstream.requests.map(({ receivedAt }) => receivedAt);
    const within = (from: number) => times.filter((at) => at >= from && at < from + 1_000).length;
    // A busy machine's seconds are far apart; what arrived in one may have been sent in less.
    const room = Math.max(500 / 14, 1.5 * Math.max(...times.map(within)));
    return Math.ceil(room + (room * seconds) / 60) + AT_A_TIME;
  };
  let own: Stack;

  async function failAll(targets: readonly ("a" | "b")[], calls = CALLS) {
    const scripts = Object.fromEntries(targets.map((id) => [id, script({})]));
    let left = calls;
    const codes = new Map<number, number>();
    async function caller(): Promise<void> {
      while (left > 0) {
        const mode = MODES[left-- % 2] ?? "unary";
        const { code } = await ask(own.client, mode, through(scripts));
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, caller));
    const { total } = await own.client.unary(getRetryMetrics, {});
    const sent = own.upstream.requests.length;
    return { codes, sent, failovers: Number(total?.failovers), retries: Number(total?.retries) };
  }

  function fail(id: string): void {
    own.upstream.outages.set(id, { attempt: 0, status: 500 });
  }

  describe("and no circuit to stop them", () => {
    beforeEach(async () => {
      const health = because("thousands of failures shall meet the shipped budget alone", {
        consecutive_failures: 100_000,
        min_requests: 100_000,
      });
      own = await start({ ...CALM, health });
    });

    it("one target gets no more than its calls and what its budget pays for", async () => {
      fail("a");
      const from = performance.now();
      const { codes, sent, retries } = await failAll(["a"]);
      const seconds = (performance.now() - from) / 1_000;
      console.log(`amplification: ${sent / CALLS} (${retries} retries in ${CALLS} calls)`);
      expect([...codes]).toEqual([[14, CALLS]]);
      expect(sent).toBe(CALLS + retries);
      expect(retries).toBeLessThanOrEqual(repetitionsPaid(seconds));
    });

    it("the one that stands in gets half of what its budget pays for, and each call says so", async () => {
      fail("a");
      fail("b");
      const from = performance.now();
      const { codes, sent, failovers } = await failAll(["a", "b"]);
      const seconds = (performance.now() - from) / 1_000;
      console.log(`amplification with a fallback: ${sent / CALLS} (${failovers} fallbacks)`);
      expect([...codes]).toEqual([[14, CALLS]]);
      const paid = repetitionsPaid(seconds);
      expect(failovers).toBeGreaterThan(10);
      expect(failovers).toBeLessThanOrEqual(paid);
      expect(sent - CALLS).toBeLessThanOrEqual(2 * paid + failovers);
    });
  });

  it("the shipped circuits leave fewer requests than calls", async () => {
    own = await start(CALM);
    fail("a");
    fail("b");
    // Those of the first second find no circuit open.
    const calls = 3_000;
    const { codes, sent } = await failAll(["a", "b"], calls);
    console.log(`amplification with circuits: ${sent / calls}`);
    expect([...codes]).toEqual([[14, calls]]);
    expect(sent / calls).toBeLessThan(1);
  });
});
