// Several workers behind one address: what they share, and what each signal does.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { metricsPage, samplesOf } from "../support/read-metrics.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { eventually } from "../support/stack.ts";
import { isAlive, startWorkers, type Workers } from "../support/workers.ts";

const CONNECTIONS = 400;
const CHANNELS = 40;
const AT_ONCE = 20;
const CALLS = 200;
const METRICS = { STEER_TELEMETRY_METRICS_ADDRESS: "127.0.0.1:0" };

const { generate, streamGenerate } = GenerationService.method;

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis[Symbol.asyncDispose]());

const start = (config = "", env = {}): Promise<Workers> =>
  startWorkers(2, { config, env: { STEER_STREAM_STORE: redis.url, ...env } });

function slow(tokens: number, paceMs: number) {
  return {
    model: "simulator",
    prompt: "Hi",
    providerOptions: { simulator: { tokens, pace_ms: paceMs } },
  };
}

/** Which replica answers a call on a connection of its own. */
async function answerer(service: Workers): Promise<string> {
  const response = await fetch(`${service.http}/v1/models`, { headers: { connection: "close" } });
  await response.arrayBuffer();
  return response.headers.get("x-steer-replica") ?? "";
}

function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Whether nothing listens on a port any more. */
function isFree(address: string): Promise<boolean> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

describe.concurrent("workers", () => {
  it("speak with one first line, and serve one port in equal parts", async () => {
    await using service = await start();
    const [first] = service.log;
    expect(first).toMatchObject({ event: "listening", worker_count: 2, grpc: service.grpc });
    const replicas = service.lines("worker ready").map(({ replica }) => String(replica));
    expect(replicas).toEqual([`${first?.["replica"]}.0`, `${first?.["replica"]}.1`]);

    const names: string[] = [];
    for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
      names.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => answerer(service)))));
    }
    const counts = countOf(names);
    expect([...counts.keys()].sort()).toEqual(replicas);
    for (const count of counts.values()) {
      expect(count / CONNECTIONS).toBeGreaterThan(0.35);
      expect(count / CONNECTIONS).toBeLessThan(0.65);
    }
    // The line of a call names the worker that has served it.
    await eventually(() => service.lines("call").length === CONNECTIONS);
    const workers = countOf(service.lines("call").map(({ worker }) => `${worker}`));
    expect(workers.get("0")).toBe(counts.get(replicas[0] ?? ""));
  });

  it("share gRPC channels in turn: each channel is one worker", async () => {
    await using service = await start();
    const names = await Promise.all(
      Array.from({ length: CHANNELS }, async () => {
        const client = createGrpcClient(service.grpc);
        const replicaOf = async (): Promise<string> => {
          const call = client.stream(streamGenerate, { spec: slow(1, 1) });
          const headers = await call.headers;
          for await (const _ of call);
          return String(headers.get("x-steer-replica")[0]);
        };
        const [name = "", again] = [await replicaOf(), await replicaOf()];
        expect(again).toBe(name);
        client.close();
        return name;
      }),
    );
    const counts = [...countOf(names).values()];
    expect(counts).toHaveLength(2);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(CHANNELS * 0.35);
  });

  it("have one page of metrics, with a label that a replacement keeps", async () => {
    await using service = await start("", METRICS);
    await Promise.all(Array.from({ length: 10 }, () => answerer(service)));
    const read = async () => samplesOf(await metricsPage(service));
    const callsOf = (samples: ReturnType<typeof samplesOf>, worker: string): number =>
      samples
        .filter(({ name }) => name === "rpc_server_call_duration_seconds_count")
        .filter(({ labels }) => labels.get("worker") === worker)
        .reduce((sum, { value }) => sum + value, 0);
    const before = await read();
    expect(callsOf(before, "0") + callsOf(before, "1")).toBe(10);
    expect(callsOf(before, "0")).toBeGreaterThan(0);
    expect(callsOf(before, "1")).toBeGreaterThan(0);

    await service.replace(0);
    const figure = (samples: ReturnType<typeof samplesOf>, wanted: string, worker: string) =>
      samples.find(({ name, labels }) => name === wanted && labels.get("worker") === worker)?.value;
    // A page is kept for a second.
    await eventually(async () => figure(await read(), "steer_worker_starts_total", "0") === 2);
    const after = await read();
    expect(figure(after, "steer_worker_starts_total", "1")).toBe(1);
    expect(figure(after, "steer_worker_up", "0")).toBe(1);
    expect(callsOf(after, "1")).toBeGreaterThanOrEqual(callsOf(before, "1"));
    const families = (await metricsPage(service)).match(/^# TYPE \S+/gm) ?? [];
    expect(new Set(families).size).toBe(families.length);
  });

  it("append whole records to one usage file, and reopen it at SIGHUP", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-usage-"));
    const file = join(folder, "usage.jsonl");
    await using service = await start("", { STEER_ACCOUNTING_USAGE_FILE: file });
    const labels = Object.fromEntries(
      Array.from({ length: 16 }, (_, index) => [`label-${index}`, "x".repeat(100)]),
    );
    const call = async (): Promise<void> => {
      const client = createGrpcClient(service.grpc);
      for (let index = 0; index < CALLS / 10; index++) {
        await client.unary(generate, { spec: { model: "simulator", prompt: "Hi", labels } });
      }
      client.close();
    };
    const callAll = () => Promise.all(Array.from({ length: 10 }, call));
    // A line that another worker has torn is no JSON.
    const callsIn = (path: string): number => {
      const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
      return new Set(lines.map((line) => JSON.parse(line).generation_id)).size;
    };
    await callAll();
    await eventually(() => callsIn(file) === CALLS);
    const old = join(folder, "usage.1");
    expect(spawnSync("mv", [file, old]).status).toBe(0);
    service.signal("SIGHUP");
    await eventually(() => service.lines("reloaded").length === 2);
    await callAll();
    await eventually(() => callsIn(file) === CALLS);
    expect(callsIn(old)).toBe(CALLS);
    rmSync(folder, { recursive: true });
  });

  it("reload all or none at SIGHUP, and a replacement has the configuration in force", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-workers-"));
    const file = join(folder, "steer.yaml");
    const withGrace = (grace: string): void =>
      writeFileSync(
        file,
        `workers: 2 # because: the test is about several\ndrain: {grace: ${grace}} # because: a reload changes it\n`,
      );
    withGrace("20s");
    const { startService } = await import("../support/service.ts");
    const service = await startService({
      env: { STEER_CONFIG: file, STEER_STREAM_STORE: redis.url },
    });
    const lines = (event: string) => service.log.filter((line) => line["event"] === event);
    await eventually(() => lines("worker ready").length === 2);
    withGrace("soon");
    service.signal("SIGHUP");
    await eventually(() => lines("reload failed").length === 1);
    expect(lines("reload failed")[0]).toMatchObject({ cause: "signal" });
    expect(lines("reload failed")[0]?.["message"]).toContain("drain.grace");
    // The file is still wrong, and the worker starts.
    process.kill(Number(lines("worker ready")[0]?.["pid"]), "SIGKILL");
    await eventually(() => lines("worker ready").length === 3);
    expect(lines("reloaded")).toEqual([]);
    withGrace("21s");
    service.signal("SIGHUP");
    await eventually(() => lines("reloaded").length === 2);
    expect(new Set(lines("reloaded").map(({ worker }) => worker))).toEqual(new Set([0, 1]));
    service.signal("SIGTERM");
    expect(await service.exited).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it("end running streams in full at SIGTERM, and leave nothing", async () => {
    await using service = await start();
    const clients = Array.from({ length: 4 }, () => createGrpcClient(service.grpc));
    const ends = clients.map(async (client) => {
      let last: string | undefined;
      for await (const { event } of client.stream(streamGenerate, { spec: slow(80, 50) })) {
        last = event.case;
      }
      return last;
    });
    await eventually(async () => (await answerer(service)) !== "");
    service.signal("SIGTERM");
    await eventually(async () => (await fetch(`${service.http}/readyz`)).status === 503);
    expect(await Promise.all(ends)).toEqual(Array(4).fill("complete"));
    expect(await service.exited).toBe(0);
    expect(service.log.at(-1)).toMatchObject({ event: "stopped" });
    expect(service.lines("stopped")).toHaveLength(1);
    expect(service.pids().some(isAlive)).toBe(false);
    expect(await isFree(service.grpc)).toBe(true);
    for (const client of clients) client.close();
  });

  it("end at once at a second signal, which a terminal sends to every process", async () => {
    await using service = await start();
    const client = createGrpcClient(service.grpc);
    const running = client.unary(generate, { spec: slow(10_000, 100) }).catch(() => "refused");
    await eventually(() => service.pids().length === 2);
    const all = [service.pid, ...service.pids()];
    for (const pid of all) process.kill(pid, "SIGINT");
    await eventually(() => service.lines("draining").length === 1);
    for (const pid of all) process.kill(pid, "SIGINT");
    expect(await service.exited).toBe(0);
    expect(await running).toBe("refused");
    expect(service.lines("worker ended")).toEqual([]);
    client.close();
  });

  it("end when the primary is killed: no process and no port is left", async () => {
    await using service = await start();
    const client = createGrpcClient(service.grpc);
    const running = client.unary(generate, { spec: slow(10_000, 100) }).catch(() => "ended");
    const pids = service.pids();
    process.kill(service.pid, "SIGKILL");
    await eventually(() => !pids.some(isAlive));
    expect(await running).toBe("ended");
    expect(await isFree(service.grpc)).toBe(true);
    expect(await isFree(service.http.slice("http://".length))).toBe(true);
    client.close();
  });
});
