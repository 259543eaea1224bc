import { beforeEach, describe, expect, it } from "vitest";
import { hostSessions } from "../../../../src/store/hosted/host-sessions.ts";
import type { Peer } from "../../../../src/store/hosted/hosted-service.ts";
import { MemoryEngine } from "../../../../src/store/memory/engine.ts";
import { createManualClock, type ManualClock } from "../../../support/manual-clock.ts";

const TTL_MS = 6_000;

let clock: ManualClock;
let engine: MemoryEngine;
let connect: () => ReturnType<ReturnType<typeof hostSessions>["serve"]>;

beforeEach(() => {
  clock = createManualClock();
  engine = new MemoryEngine(clock);
  const service = hostSessions(clock, engine.sessions.calls);
  let number = 0;
  connect = () => {
    const peer: Peer = { number: ++number, push: () => true };
    return service.serve(peer);
  };
});

const isAlive = (session = "a"): boolean => engine.sessions.living.has(session);

describe("a session", () => {
  it("ends with its connection, and no other session does", async () => {
    const [first, second] = [connect(), connect()];
    await first.calls.openSession("a", TTL_MS);
    await second.calls.openSession("b", TTL_MS);
    first.end?.();
    expect([isAlive("a"), isAlive("b")]).toEqual([false, true]);
    expect(clock.pendingTimers).toBe(1);
  });

  it("ends if its client does not renew it, though the connection is open", async () => {
    const { calls } = connect();
    await calls.openSession("a", TTL_MS);
    await clock.advance(TTL_MS - 1);
    expect(await calls.renewSession("a", TTL_MS)).toBe("renewed");
    await clock.advance(TTL_MS - 1);
    expect(isAlive()).toBe(true);
    await clock.advance(2);
    expect(isAlive()).toBe(false);
    expect(await calls.renewSession("a", TTL_MS)).toBe("lost");
    expect(isAlive()).toBe(true);
  });

  it("survives if the sign of life has arrived before the late timer of a blocked host", async () => {
    const { calls } = connect();
    await calls.openSession("a", TTL_MS);
    // What is due is read between the timer and the next one.
    const answers: Promise<string>[] = [];
    clock.schedule(TTL_MS, () => void answers.push(calls.renewSession("a", TTL_MS)));
    await clock.advance(TTL_MS);
    expect(await Promise.all(answers)).toEqual(["renewed"]);
    await clock.advance(TTL_MS - 1);
    expect(isAlive()).toBe(true);
  });

  it.each(["before", "behind"])(
    "belongs to the newer connection, if the end of the older one comes %s frames of it",
    async (place) => {
      const older = connect();
      await older.calls.openSession("a", TTL_MS);
      const newer = connect();
      expect(await newer.calls.renewSession("a", TTL_MS)).toBe("renewed");
      const late = async (): Promise<void> => {
        expect(await older.calls.renewSession("a", TTL_MS)).toBe("lost");
        await older.calls.openSession("a", TTL_MS);
        await older.calls.closeSession("a");
      };
      if (place === "behind") await late();
      older.end?.();
      if (place === "before") await late();
      expect(isAlive()).toBe(true);
      newer.end?.();
      expect(isAlive()).toBe(false);
      expect(clock.pendingTimers).toBe(0);
    },
  );
});
