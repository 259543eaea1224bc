// Clients whose connections break, that are slow, that come all at once, that cancel.
import { setTimeout as delay } from "node:timers/promises";
import { startCluster } from "../harness/cluster.ts";
import type { Reading } from "../harness/consumer.ts";
import { connectEndpoint, type Endpoint, grpcEndpoint } from "../harness/endpoint.ts";
import { startProxy } from "../harness/proxy.ts";
import type { Scene } from "../harness/scene.ts";
import type { Fault } from "./fault.ts";

export const cutClients: Fault = {
  id: "F12",
  title: "clients' connections are reset after any number of bytes",
  async run(scene) {
    const { replicas } = scene.cluster;
    const cuts = scene.scale.streams * 3;
    const readings = Array.from({ length: cuts }, async (_, index) => {
      const replica = replicas[index % replicas.length];
      const isGrpc = index % 2 === 0;
      const listener = isGrpc ? replica?.process.grpc : replica?.process.http;
      const link = await startProxy(Number(listener?.split(":").at(-1)));
      const open = isGrpc ? grpcEndpoint : connectEndpoint;
      const own: Endpoint = open(link.address);
      link.limitNext(1 + Math.floor(Math.random() * 3_000));
      scene.injected++;
      const endpoints = [own, ...scene.cluster.endpoints(index + 1)];
      await scene.stream({ endpoints, paceMs: 5 }).done;
      own.close();
      await link[Symbol.asyncDispose]();
    });
    await Promise.all(readings);
  },
};

export const reconnectStorm: Fault = {
  id: "F13",
  title: "all clients are cut at once, again and again",
  async run(scene) {
    const { replicas } = scene.cluster;
    const { storm, tokens } = scene.scale;
    const running = scene.stream({ tokens: tokens * 2, readers: storm }).done;
    for (let wave = 0; wave < (scene.scale.name === "short" ? 3 : 10); wave++) {
      await scene.underWay();
      scene.injected++;
      for (const { grpc, http } of replicas) {
        grpc.cut(wave % 2 === 0 ? "reset" : "close");
        http.cut(wave % 2 === 0 ? "reset" : "close");
      }
    }
    await running;
  },
};

export const slowReader: Fault = {
  id: "F14",
  title: "a reader of 1 KB/s beside fast ones",
  async run(scene) {
    // Of its own, because other faults kill replicas at the same time, and a takeover takes seconds.
    await using cluster = await startCluster({ replicas: 1, provider: scene.cluster.provider });
    const own = scene.on(cluster);
    await using link = await startProxy(
      Number(cluster.replicas[0]?.process.grpc.split(":").at(-1)),
    );
    link.set({ bytesPerSecond: 1_024 });
    const slow = grpcEndpoint(link.address);
    scene.injected++;
    const startedAt = performance.now();
    const timed = async (done: Promise<unknown>): Promise<number> => {
      await done;
      return performance.now() - startedAt;
    };
    const fast = own.stream({ owner: 0, readers: 4, paceMs: 2 });
    // Other faults, which run at the same time, delay the readers of this stream as much.
    const alone = timed(own.stream({ owner: 0, readers: 4, paceMs: 2 }).done);
    const beside = timed(fast.done);
    await delay(30);
    const reading = own.follow(fast.rid, [slow]);
    const [tookMs, aloneMs] = await Promise.all([beside, alone]);
    link.set({});
    await reading;
    scene.expect(
      tookMs < 3 * aloneMs + 5_000,
      `the fast readers took ${Math.round(tookMs)} ms, and those of another stream ${Math.round(aloneMs)} ms`,
    );
    slow.close();
  },
};

async function cancelAt(scene: Scene, afterMs: number): Promise<void> {
  const { rid, done } = scene.stream({ readers: 2, paceMs: 5 });
  await delay(afterMs);
  const [endpoint] = scene.cluster.endpoints(1);
  // Whether it came before the end or after it, all readers see the same one.
  await endpoint?.cancel(rid).catch(() => {});
  scene.injected++;
  // While the store is away a key holds at one replica only: these may be two streams.
  const readings = Map.groupBy(await done, ({ streamId }) => streamId);
  for (const group of readings.values()) {
    const outcomes = new Set(group.map(({ outcome }) => outcome));
    scene.expect(outcomes.size <= 1, `readers of a stream ended as ${[...outcomes].join(", ")}`);
  }
}

export const cancelRace: Fault = {
  id: "F21",
  title: "cancel against finish",
  async run(scene) {
    // The streams take about as long as the longest of these waits.
    const wholeMs = scene.scale.tokens * 6;
    const waits = Array.from({ length: 4 }, (_, step) => 20 + (step * wholeMs) / 3);
    await Promise.all(waits.map((ms) => cancelAt(scene, ms)));
  },
};

export const retentionRace: Fault = {
  id: "F22",
  title: "resumed while its retention ends",
  async run(scene) {
    let first: Reading | undefined;
    // While the store is away streams are not stored at all.
    for (let tries = 0; tries < 5 && first?.streamId.startsWith("s.") !== true; tries++) {
      [first] = await scene.stream({ retentionMs: 1_000, tokens: 10, paceMs: 2 }).done;
    }
    const late: Promise<unknown>[] = [];
    for (let step = 0; step < 6; step++) {
      await delay(250);
      scene.injected++;
      if (first !== undefined) late.push(scene.again(first));
    }
    await Promise.all(late);
  },
};
