// What the signals of an operator do to several workers, and what is left when their primary is killed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { isAlive, startWorkers, type Workers } from "../support/workers.ts";

/** The last stream of a GOAWAY that lets every call on its way be served. */
const HIGHEST_STREAM = 2 ** 31 - 1;

const { generate, streamGenerate } = GenerationService.method;

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis[Symbol.asyncDispose]());

const start = (): Promise<Workers> => startWorkers(2, { env: { STEER_STREAM_STORE: redis.url } });

function slow(tokens: number, paceMs: number) {
  return {
    model: "simulator",
    prompt: "Hi",
    providerOptions: { simulator: { tokens, pace_ms: paceMs } },
  };
}

async function lastEventOf(
  call: AsyncIterable<{ readonly event: { readonly case: string | undefined } }>,
): Promise<string | undefined> {
  let last: string | undefined;
  for await (const { event } of call) last = event.case;
  return last;
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

// Each has a service of its own, and waits more than it works.
describe.concurrent("workers", () => {
  it("reload all or none at SIGHUP, and a replacement is like the others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-workers-"));
    const file = join(folder, "steer.yaml");
    const write = (grace: string, bytes: string): void =>
      writeFileSync(
        file,
        `workers: 2 # because: the test is about several
drain: {grace: ${grace}} # because: a reload changes it
limits: {request_bytes: ${bytes}} # because: a reload does not change it
`,
      );
    write("20s", "64KiB");
    const service = await startService({
      env: { STEER_CONFIG: file, STEER_STREAM_STORE: redis.url },
    });
    const lines = (event: string) => service.log.filter((line) => line["event"] === event);
    await eventually(() => lines("worker ready").length === 2);
    write("soon", "64KiB");
    service.signal("SIGHUP");
    await eventually(() => lines("reload failed").length === 1);
    expect(lines("reload failed")[0]).toMatchObject({ cause: "signal" });
    expect(lines("reload failed")[0]?.["message"]).toContain("drain.grace");
    expect(lines("reload failed")[0]?.["worker"]).toBeUndefined();
    // The file is still wrong, and the worker starts.
    process.kill(Number(lines("worker ready")[0]?.["pid"]), "SIGKILL");
    await eventually(() => lines("worker ready").length === 3);
    expect(lines("reloaded")).toEqual([]);
    write("21s", "32MiB");
    service.signal("SIGHUP");
    await eventually(() => lines("reloaded").length === 2);
    expect(new Set(lines("reloaded").map(({ worker }) => worker))).toEqual(new Set([0, 1]));
    const warnings = lines("warning").map(({ message }) => message);
    expect(warnings).toEqual([
      "limits.request_bytes has changed and takes effect at the next start",
    ]);

    const pids = lines("worker ready").map(({ pid }) => Number(pid));
    for (const pid of pids.slice(1)) process.kill(pid, "SIGKILL");
    await eventually(() => lines("worker ready").length === 5);
    await eventually(() => lines("reloaded").length === 4);
    // Each by another worker.
    for (const _ of [0, 1]) {
      const client = createGrpcClient(service.grpc);
      const call = client.unary(generate, {
        spec: { model: "simulator", prompt: "x".repeat(100_000) },
      });
      await expect(call).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
      client.close();
    }
    service.signal("SIGTERM");
    expect(await service.exited).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it("end running streams in full at SIGTERM, and leave nothing", async () => {
    await using service = await start();
    const watcher = http2.connect(`http://${service.grpc}`);
    const goaways: (number | undefined)[] = [];
    watcher.on("goaway", (_code, lastStream) => void goaways.push(lastStream));
    watcher.on("error", () => {});
    const greeted = new Promise((resolve) => watcher.once("remoteSettings", resolve));
    const clients = Array.from({ length: 4 }, () => createGrpcClient(service.grpc));
    const calls = clients.map((client) => client.stream(streamGenerate, { spec: slow(80, 50) }));
    const ends = calls.map(lastEventOf);
    await Promise.all(calls.map(({ headers }) => headers));
    await greeted;
    service.signal("SIGTERM");
    await eventually(async () => (await fetch(`${service.http}/readyz`)).status === 503);
    expect(await Promise.all(ends)).toEqual(Array(4).fill("complete"));
    expect(await service.exited).toBe(0);
    expect(service.log.at(-1)).toMatchObject({ event: "stopped" });
    expect(service.lines("stopped")).toHaveLength(1);
    expect(service.pids().some(isAlive)).toBe(false);
    expect(await isFree(service.grpc)).toBe(true);
    // The notice is written past Node's HTTP/2 library, which works on connections of the primary too.
    expect(goaways[0]).toBe(HIGHEST_STREAM);
    watcher.destroy();
    for (const client of clients) client.close();
  });

  it("end at once at a second signal, which a terminal sends to every process", async () => {
    await using service = await start();
    const client = createGrpcClient(service.grpc);
    const call = client.stream(streamGenerate, { spec: slow(10_000, 100) });
    const running = lastEventOf(call).catch(() => "ended early");
    await call.headers;
    const all = [service.pid, ...service.pids()];
    for (const pid of all) process.kill(pid, "SIGINT");
    await eventually(() => service.lines("draining").length === 1);
    // The worker of the running call drains, and does not end at once.
    await eventually(async () => (await fetch(`${service.http}/readyz`)).status === 503);
    for (const pid of all.filter(isAlive)) process.kill(pid, "SIGINT");
    expect(await service.exited).toBe(0);
    expect(await running).toBe("ended early");
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
