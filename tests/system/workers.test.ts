// Several workers behind one address, over Redis: what they share, and how.
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { makeCertificates } from "../support/certificates.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { metricsPage, type Sample, samplesOf } from "../support/read-metrics.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { eventually } from "../support/stack.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const CONNECTIONS = 400;
const CHANNELS = 40;
const AT_ONCE = 20;
/** Calls with long lines, which several clients make at once. */
const CALLERS = 10;
const CALLS = 200;

const spec = { model: "simulator", prompt: "Hi" };
/** 10 KB: the kernel would tear a line of this length between two writers of a pipe. */
const labels = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [`label-${index}`, "x".repeat(256)]),
);

const { generate, streamGenerate } = GenerationService.method;

let redis: RedisServer;
let folder: string;
let usageFile: string;
let service: Workers;

beforeAll(async () => {
  redis = await startRedis();
  folder = mkdtempSync(join(tmpdir(), "steer-workers-"));
  usageFile = join(folder, "usage.jsonl");
  service = await startWorkers(2, {
    // A worker writes a line about this before it is ready.
    config: "allow_unauthenticated: true\n",
    env: {
      STEER_STREAM_STORE: redis.url,
      STEER_TELEMETRY_METRICS_ADDRESS: "127.0.0.1:0",
      STEER_ACCOUNTING_USAGE_FILE: usageFile,
    },
  });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Which replica answers a call on a connection of its own. */
async function answerer(): Promise<string> {
  const response = await fetch(`${service.http}/v1/models`, { headers: { connection: "close" } });
  await response.arrayBuffer();
  return response.headers.get("x-steer-replica") ?? "";
}

function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

async function callWithLabels(): Promise<void> {
  const client = createGrpcClient(service.grpc);
  for (let call = 0; call < CALLS / CALLERS; call++) {
    await client.unary(generate, { spec: { ...spec, labels } });
  }
  client.close();
}

const callAll = () => Promise.all(Array.from({ length: CALLERS }, callWithLabels));

/** Generations in a file of usage records. A line that another worker has torn is no JSON. */
function generationsIn(path: string): number {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return new Set(lines.map((line) => JSON.parse(line).generation_id)).size;
}

const readSamples = async (): Promise<Sample[]> => samplesOf(await metricsPage(service));

function sumOf(samples: readonly Sample[], wanted: string, worker: number): number {
  return samples
    .filter(({ name, labels: own }) => name === wanted && own.get("worker") === `${worker}`)
    .reduce((sum, { value }) => sum + value, 0);
}

describe("two workers", () => {
  it("speak with one first line", async () => {
    const [first] = service.log;
    expect(first).toMatchObject({ event: "listening", worker_count: 2, grpc: service.grpc });
    expect(service.lines("listening")).toHaveLength(1);
    // What is the same for all workers is told by one.
    await eventually(() => service.lines("warning").length > 0);
    expect(service.lines("warning").map(({ worker }) => worker)).toEqual([0]);
    expect(service.replicas()).toEqual([`${first?.["replica"]}.0`, `${first?.["replica"]}.1`]);
  });

  it("serve one port in equal parts, and their metrics are one page", async () => {
    const names: string[] = [];
    for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
      names.push(...(await Promise.all(Array.from({ length: AT_ONCE }, answerer))));
    }
    const counts = countOf(names);
    expect(counts.size).toBe(2);
    for (const count of counts.values()) {
      expect(count / CONNECTIONS).toBeGreaterThan(0.35);
      expect(count / CONNECTIONS).toBeLessThan(0.65);
    }
    // The line of a call names the worker that has served it.
    await eventually(() => service.lines("call").length === CONNECTIONS);
    const byLine = countOf(service.lines("call").map(({ worker }) => `${worker}`));
    const [zero = "", one = ""] = service.replicas();
    expect([byLine.get("0"), byLine.get("1")]).toEqual([counts.get(zero), counts.get(one)]);
    // And so does its count.
    const samples = await readSamples();
    const callsOf = (worker: number): number =>
      sumOf(samples, "rpc_server_call_duration_seconds_count", worker);
    expect([callsOf(0), callsOf(1)]).toEqual([counts.get(zero), counts.get(one)]);
  });

  it("share gRPC channels in turn, and each channel is one worker", async () => {
    const names = await Promise.all(
      Array.from({ length: CHANNELS }, async () => {
        const client = createGrpcClient(service.grpc);
        const replicaOf = async (): Promise<string> => {
          const call = client.stream(streamGenerate, { spec });
          const headers = await call.headers;
          for await (const _ of call);
          return String(headers.get("x-steer-replica")[0]);
        };
        const [name, again] = [await replicaOf(), await replicaOf()];
        expect(again).toBe(name);
        client.close();
        return name;
      }),
    );
    expect([...countOf(names).values()]).toEqual([CHANNELS / 2, CHANNELS / 2]);
  });

  it("write whole lines to one log and one usage file, which SIGHUP reopens", async () => {
    const [lines, before] = [service.log.length, generationsIn(usageFile)];
    await callAll();
    await eventually(() => generationsIn(usageFile) === before + CALLS);
    const old = join(folder, "usage.1");
    renameSync(usageFile, old);
    service.signal("SIGHUP");
    await eventually(() => service.lines("reloaded").length === 2);
    await callAll();
    await eventually(() => generationsIn(usageFile) === CALLS);
    expect(generationsIn(old)).toBe(before + CALLS);
    // `startWorkers` has parsed each of them.
    await eventually(() => {
      const since = service.log.slice(lines).filter(({ event }) => event === "call");
      return since.filter((line) => line["labels"] !== undefined).length === 2 * CALLS;
    });
    expect(service.log.every((line) => line["dropped_lines"] === undefined)).toBe(true);
  });

  it("keep the label of a worker in the metrics of its replacement", async () => {
    const before = await readSamples();
    await service.replace(0);
    // A page is kept for a second.
    await eventually(async () => sumOf(await readSamples(), "steer_worker_starts_total", 0) === 2);
    const after = await readSamples();
    expect(sumOf(after, "steer_worker_starts_total", 1)).toBe(1);
    expect([0, 1].map((worker) => sumOf(after, "steer_worker_up", worker))).toEqual([1, 1]);
    const count = "rpc_server_call_duration_seconds_count";
    expect(sumOf(after, count, 1)).toBeGreaterThanOrEqual(sumOf(before, count, 1));
    expect(new Set(after.map(({ labels: own }) => own.get("worker")))).toEqual(new Set(["0", "1"]));
    const families = (await metricsPage(service)).match(/^# TYPE \S+/gm) ?? [];
    expect(new Set(families).size).toBe(families.length);
  });
});

describe("two workers with TLS", () => {
  it("serve gRPC, and Connect over HTTP/1.1 and HTTP/2", async () => {
    using certificates = makeCertificates("billing.example");
    const { serverCert, serverKey, read, ca } = certificates;
    const files = `{tls: {cert_file: ${serverCert}, key_file: ${serverKey}}}`;
    await using secure = await startWorkers(2, {
      config: `grpc: ${files}\nhttp: ${files}\n`,
      env: { STEER_STREAM_STORE: redis.url },
    });
    for (const _ of [0, 1]) {
      const client = createGrpcClient(secure.grpc, grpc.credentials.createSsl(read(ca)));
      expect((await client.unary(generate, { spec })).generation?.outputText).not.toBe("");
      client.close();
      for (const httpVersion of ["1.1", "2"] as const) {
        const transport = createConnectTransport({
          baseUrl: secure.http.replace("http:", "https:"),
          httpVersion,
          nodeOptions: { ca: read(ca) },
        });
        const { generation } = await createClient(GenerationService, transport).generate({ spec });
        expect(generation?.outputText, httpVersion).not.toBe("");
      }
    }
    secure.signal("SIGTERM");
    expect(await secure.exited).toBe(0);
  });
});

describe("a connection to two workers", () => {
  it("comes to the other one when it has reached its age", async () => {
    await using aged = await startWorkers(2, {
      config: "grpc: {max_connection_age: 1s} # because: the default is never\n",
      env: { STEER_STREAM_STORE: redis.url },
    });
    const client = createGrpcClient(aged.grpc);
    await eventually(async () => {
      await client.unary(generate, { spec });
      return countOf(aged.lines("call").map(({ worker }) => `${worker}`)).size === 2;
    });
    expect(aged.lines("call").every(({ code }) => code === "OK")).toBe(true);
    client.close();
  });
});
