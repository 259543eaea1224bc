// What the signals of an operator do to several workers, and what is left when their primary is killed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  it("reload all or none at SIGHUP, and a replacement has the configuration in force", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-workers-"));
    const file = join(folder, "steer.yaml");
    const withGrace = (grace: string): void =>
      writeFileSync(
        file,
        `workers: 2 # because: the test is about several\ndrain: {grace: ${grace}} # because: a reload changes it\n`,
      );
    withGrace("20s");
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
    const watcher = http2.connect(`http://${service.grpc}`);
    const goaways: (number | undefined)[] = [];
    watcher.on("goaway", (_code, lastStream) => void goaways.push(lastStream));
    watcher.on("error", () => {});
    const clients = Array.from({ length: 4 }, () => createGrpcClient(service.grpc));
    const ends = clients.map(async (client) => {
      let last: string | undefined;
      for await (const { event } of client.stream(streamGenerate, { spec: slow(80, 50) })) {
        last = event.case;
      }
      return last;
    });
    const greeted = new Promise((resolve) => watcher.once("remoteSettings", resolve));
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
