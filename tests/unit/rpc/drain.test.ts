import { describe, expect, it } from "vitest";
import type { GatewayError } from "../../../src/domain/gateway-error.ts";
import { RunningCount } from "../../../src/domain/running-count.ts";
import { drain } from "../../../src/rpc/drain.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const SETTINGS = { noticeMs: 5_000, graceMs: 20_000 };

const KINDS = ["arrivals", "calls", "generations"] as const;
type Kind = (typeof KINDS)[number];

/** A service of two listeners: what is done with it, and when. */
function setUp({ connections = 1, ...active }: Partial<Record<Kind | "connections", number>> = {}) {
  const clock = createManualClock();
  const log: string[] = [];
  const hurry = new AbortController();
  const state = { connections, leaveMs: 0, isOver: false };
  const say = (what: string): void => void log.push(`${clock.now()} ${what}`);
  const listener = (name: string) => ({
    setServing: (serving: boolean) => say(`${name} serves: ${serving}`),
    get connections() {
      return name === "grpc" ? state.connections : 0;
    },
    async sayGoaway() {
      say(`${name} goaway`);
      await clock.sleep(state.leaveMs, new AbortController().signal);
    },
    stopListening: () => say(`${name} stops`),
    close: async () => say(`${name} closes`),
  });
  const running = KINDS.map((kind) => {
    const count = new RunningCount();
    for (let begun = 0; begun < (active[kind] ?? 0); begun++) count.begin();
    return count;
  });
  const options = {
    clock,
    settings: SETTINGS,
    grpc: listener("grpc"),
    http: listener("http"),
    running,
    refuseCalls: ({ reason }: GatewayError) => say(`refuses: ${reason}`),
    endGenerations: async ({ kind }: GatewayError) => say(`ends calls: ${kind}`),
    endWatches: ({ reason }: GatewayError) => say(`ends watches: ${reason}`),
    hurry: hurry.signal,
  };
  return {
    clock,
    log,
    hurry,
    state,
    running,
    begin: () =>
      void drain(options).then(() => {
        state.isOver = true;
      }),
    async endOne(kind: Kind) {
      running[KINDS.indexOf(kind)]?.end();
      await clock.advance(0);
    },
  };
}

const SAID = ["0 grpc serves: false", "0 http serves: false"];

describe("a drain", () => {
  it("of a service that nobody uses is over at once", async () => {
    const { begin, clock, log, state } = setUp({ connections: 0 });
    begin();
    await clock.advance(0);
    expect(log).toEqual([...SAID, "0 grpc closes", "0 http closes"]);
    expect([state.isOver, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("with an idle connection takes the notice, and no grace", async () => {
    const { begin, clock, log, state } = setUp();
    begin();
    await clock.advance(4_999);
    expect(log).toEqual(SAID);
    await clock.advance(1);
    expect(log.slice(2)).toEqual([
      "5000 grpc goaway",
      "5000 http goaway",
      "5000 grpc stops",
      "5000 http stops",
      "5000 ends watches: DRAINING",
      "5000 grpc closes",
      "5000 http closes",
    ]);
    expect([state.isOver, clock.pendingTimers]).toEqual([true, 0]);
  });

  it.each(KINDS)("waits for the end of the last of the %s", async (kind) => {
    const { begin, clock, log, state, endOne } = setUp({ connections: 0, [kind]: 2 });
    begin();
    await clock.advance(12_000);
    await endOne(kind);
    expect(log.at(-1)).toBe("5000 ends watches: DRAINING");
    await endOne(kind);
    expect(log.slice(-2)).toEqual(["12000 grpc closes", "12000 http closes"]);
    expect([state.isOver, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("takes no new connection once all clients know", async () => {
    const { begin, clock, log, state } = setUp({ calls: 1 });
    state.leaveMs = 800;
    begin();
    await clock.advance(5_799);
    expect(log.at(-1)).toBe("5000 http goaway");
    await clock.advance(1);
    expect(log.slice(-3)).toEqual([
      "5800 grpc stops",
      "5800 http stops",
      "5800 ends watches: DRAINING",
    ]);
  });

  it("ends what runs when the grace from its start is over, and waits a second for it", async () => {
    const { begin, clock, log, state } = setUp({ calls: 1 });
    begin();
    await clock.advance(19_999);
    expect(log.at(-1)).toBe("5000 ends watches: DRAINING");
    await clock.advance(1);
    expect(log.slice(-2)).toEqual(["20000 refuses: DRAINING", "20000 ends calls: owner-lost"]);
    await clock.advance(999);
    expect(state.isOver).toBe(false);
    await clock.advance(1);
    expect(log.slice(-2)).toEqual(["21000 grpc closes", "21000 http closes"]);
    expect(state.isOver).toBe(true);
  });

  it("waits for a call whose request was complete when the last arrival ended", async () => {
    const { begin, clock, log, state, endOne, running } = setUp({ connections: 0, arrivals: 1 });
    begin();
    await clock.advance(6_000);
    running[1]?.begin();
    await endOne("arrivals");
    await clock.advance(1_000);
    expect([log.at(-1), state.isOver]).toEqual(["5000 ends watches: DRAINING", false]);
    await endOne("calls");
    expect([state.isOver, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("is over with the calls that were ended", async () => {
    const { begin, clock, log, endOne, state } = setUp({ calls: 1 });
    begin();
    await clock.advance(20_100);
    await endOne("calls");
    expect(log.slice(-2)).toEqual(["20100 grpc closes", "20100 http closes"]);
    expect([state.isOver, clock.pendingTimers]).toEqual([true, 0]);
  });

  it.each([
    ["in the notice", 100],
    ["while clients leave", 5_100],
    ["in the grace", 8_000],
  ])("takes the rest of its steps at once when it is hurried %s", async (_name, atMs) => {
    const { begin, clock, log, hurry, state } = setUp({ calls: 1 });
    state.leaveMs = 1_000;
    begin();
    await clock.advance(atMs);
    hurry.abort();
    await clock.advance(0);
    expect(log.slice(-2)).toEqual([`${atMs} refuses: DRAINING`, `${atMs} ends calls: owner-lost`]);
    expect(log.filter((line) => line.endsWith("stops"))).toHaveLength(2);
    await clock.advance(1_000);
    expect(state.isOver).toBe(true);
  });
});
