import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { createClusterOperations } from "../../../src/operations/cluster-operations.ts";
import { createOperations } from "../../../src/operations/operations.ts";
import { encodeSnapshot } from "../../../src/operations/replica-snapshot.ts";
import { shareTargetStates } from "../../../src/operations/share-target-states.ts";
import { ProviderStats } from "../../../src/reliability/provider-stats.ts";
import { ReliabilityEngine } from "../../../src/reliability/reliability-engine.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../../src/reliability/target-states.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { testModel } from "../../support/provider-request.ts";
import { sharedStore } from "../../support/shared-store.ts";
import { streamLog } from "../../support/stream-log.ts";

const model = testModel();
const target = { provider: model.provider, model: model.id };
const SESSION_MS = 6_000;

/** A replica without listeners: what it knows of its targets, and the store it shares. */
async function replicaOf(name: string, store: ReturnType<typeof sharedStore>, clock: ManualClock) {
  const states = new TargetStates(clock, DEFAULT_SETTINGS);
  const stats = new ProviderStats(clock);
  const local = createOperations({
    clock,
    engine: new ReliabilityEngine(clock, states),
    stats,
    deployment: () =>
      ({ providers: [{ id: model.provider, unavailable: undefined }], models: [model] }) as never,
  });
  const session = `${name}-1`;
  const log = streamLog(store, clock, session);
  shareTargetStates(log.control, states, local, name);
  await store.openSession(session, SESSION_MS);
  const operations = createClusterOperations(local, log, name, clock);
  return {
    states,
    stats,
    log,
    operations,
    session,
    state: states.of(target),
    announce: () =>
      store.putSnapshot(session, encodeSnapshot({ replica: name, status: local.status() })),
    /** What the provider answers to one call. */
    answer(error: GatewayError | undefined) {
      stats.started(model.provider);
      const permit = states.of(target).acquire({ caller: "a" });
      if ("state" in permit) throw new Error(`the call is refused: ${permit.state}`);
      permit.end(error);
      stats.ended(model.provider, error);
    },
    async status(scope: "cluster" | "replica") {
      const { providers, replicaCount } = await operations.status(scope);
      return { ...providers.get(model.provider), replicaCount };
    },
  };
}

async function cluster(one = "a", other = "b") {
  const clock = createManualClock();
  const store = sharedStore(clock);
  const a = await replicaOf(one, store, clock);
  const b = await replicaOf(other, store, clock);
  return { clock, store, a, b };
}

const limited = (retryAfterMs: number) =>
  new GatewayError("rate-limit", "slow down", { retryAfterMs });
const broken = new GatewayError("server-error", "broken");

describe("scope", () => {
  it("CLUSTER adds what the others said last, REPLICA does not", async () => {
    const { a, b } = await cluster();
    for (let call = 0; call < 3; call++) b.answer(undefined);
    a.answer(undefined);
    await Promise.all([a.announce(), b.announce()]);
    a.answer(undefined);
    expect(await a.status("cluster")).toMatchObject({ totalRequests: 5, replicaCount: 2 });
    expect(await a.status("replica")).toMatchObject({ totalRequests: 2, replicaCount: 1 });
    expect(await b.status("cluster")).toMatchObject({ totalRequests: 4, replicaCount: 2 });
  });

  it("CLUSTER shows the circuit that is open at another replica", async () => {
    const { clock, a, b } = await cluster();
    for (let call = 0; call < 5; call++) {
      b.answer(broken);
      await clock.advance(300);
    }
    await b.announce();
    expect(await a.status("cluster")).toMatchObject({
      circuit: { state: "open" },
      unavailable: { cause: "circuit-open" },
    });
    expect(await a.status("replica")).toMatchObject({ circuit: { state: "closed" } });
  });

  it("a replica that has gone, or is of another version, is not counted", async () => {
    const { store, a, b } = await cluster();
    await b.announce();
    expect((await a.status("cluster")).replicaCount).toBe(2);
    await store.putSnapshot(b.session, Buffer.from('{"format":2,"replica":"b"}'));
    expect((await a.status("cluster")).replicaCount).toBe(1);
    await store.putSnapshot(b.session, Buffer.from('{"format":1,"replica":"b"}'));
    expect((await a.status("cluster")).replicaCount).toBe(1);
    await b.announce();
    await store.closeSession(b.session);
    expect((await a.status("cluster")).replicaCount).toBe(1);
  });

  it("CLUSTER means the replica that answers while the store is away", async () => {
    const { a, b } = await cluster();
    await b.announce();
    a.log.health.failed({ cause: "refused", code: "ECONNREFUSED" });
    expect((await a.status("cluster")).replicaCount).toBe(1);
  });
});

describe("ResetCircuit", () => {
  it("in CLUSTER scope closes the circuits of all replicas, in REPLICA scope its own", async () => {
    const { clock, a, b } = await cluster();
    const open = async (): Promise<void> => {
      for (let call = 0; call < 5; call++) {
        for (const each of [a, b]) each.answer(broken);
        await clock.advance(300);
      }
    };
    const states = () => [a, b].map(({ state }) => state.circuit.state);
    await open();
    expect(states()).toEqual(["open", "open"]);
    await a.operations.resetCircuit(model.provider, undefined, "replica");
    expect(states()).toEqual(["closed", "open"]);
    await a.operations.resetCircuit(model.provider, model.id, "cluster");
    expect(states()).toEqual(["closed", "closed"]);
  });
});

describe("workers of one command", () => {
  async function fail(clock: ManualClock, worker: Awaited<ReturnType<typeof replicaOf>>) {
    for (let call = 0; call < 5; call++) {
      worker.answer(broken);
      await clock.advance(300);
    }
  }

  it("are one replica for REPLICA scope, without the workers of another command", async () => {
    const { clock, store, a, b } = await cluster("one.0", "one.1");
    const other = await replicaOf("two.0", store, clock);
    for (const each of [a, b, other]) {
      each.answer(undefined);
      await each.announce();
    }
    expect(await a.status("replica")).toMatchObject({ totalRequests: 2, replicaCount: 2 });
    expect(await a.status("cluster")).toMatchObject({ totalRequests: 3, replicaCount: 3 });
    expect(await other.status("replica")).toMatchObject({ totalRequests: 1, replicaCount: 1 });
  });

  it("share an open circuit, and its end", async () => {
    const { clock, a, b } = await cluster("one.0", "one.1");
    await fail(clock, a);
    expect(b.state.circuit.state).toBe("open");
    expect(b.state.circuit.openAt).toBe(a.state.circuit.openAt);
    await clock.advance(a.state.circuit.openAt - clock.now());
    const probe = a.states.of(target).acquire({ caller: "a" });
    if ("state" in probe) throw new Error("the probe is refused");
    probe.content(1, "whole");
    probe.end(undefined);
    await clock.advance(0);
    expect([a, b].map(({ state }) => state.circuit.state)).toEqual(["closed", "closed"]);
  });

  it("share no circuit with another command", async () => {
    const { clock, a, b } = await cluster("one.0", "two.1");
    await fail(clock, a);
    expect([a, b].map(({ state }) => state.circuit.state)).toEqual(["open", "closed"]);
  });

  it("are reset together in REPLICA scope", async () => {
    const { clock, store, a, b } = await cluster("one.0", "one.1");
    const other = await replicaOf("two.0", store, clock);
    for (const each of [a, other]) await fail(clock, each);
    await a.operations.resetCircuit(model.provider, undefined, "replica");
    const states = [a, b, other].map(({ state }) => state.circuit.state);
    expect(states).toEqual(["closed", "closed", "open"]);
  });
});

describe("cooldowns", () => {
  it("A-52: hold at the other replicas as soon as one was told", async () => {
    const { clock, a, b } = await cluster();
    a.answer(limited(2_000));
    expect(b.state.refusal("a")).toMatchObject({ state: "cooling", until: clock.now() + 2_000 });
  });

  it("A-51: of two the longer one holds, wherever it came from", async () => {
    const { clock, a, b } = await cluster();
    const late = a.state.acquire({ caller: "a" });
    a.answer(limited(5_000));
    if ("state" in late) throw new Error("no call");
    late.end(limited(1_000));
    for (const { state } of [a, b]) expect(state.cooldown?.until).toBe(5_000);
    await clock.advance(1_000);
    await b.log.control.send({ type: "cooldown", ...target, forMs: 4_500 });
    expect(a.state.cooldown?.until).toBe(5_500);
    expect(b.state.cooldown?.until).toBe(5_000);
  });

  it("of counts stay with their replica", async () => {
    const { a, b } = await cluster();
    const permit = a.state.counts.acquire({ caller: "a" });
    if ("state" in permit) throw new Error("no call");
    permit.end(limited(5_000));
    expect(a.state.counts.cooldown?.until).toBe(5_000);
    expect([b.state.cooldown, b.state.counts.cooldown]).toEqual([undefined, undefined]);
  });

  it("that were taken over are not told on, and unknown models are left alone", async () => {
    const { store, a, b } = await cluster();
    let messages = 0;
    store.onBroadcast(() => messages++);
    a.answer(limited(1_000));
    expect(messages).toBe(1);
    await a.log.control.send({ type: "cooldown", provider: "x", model: "y", forMs: 1_000 });
    expect(b.states.models("x").size).toBe(0);
  });

  it("last a day at most, whatever another replica says", async () => {
    const { a, b } = await cluster();
    await a.log.control.send({ type: "cooldown", ...target, forMs: 1e12 });
    expect(b.state.cooldown?.until).toBe(86_400_000);
  });
});
