// Stores that fill, that cannot be reached, that are emptied or lose their file, under the real
// service with the shipped defaults.
import { mkdtempSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { freePort } from "../support/free-port.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { canMount, mountDisk } from "../support/small-disk.ts";
import { eventually } from "../support/stack.ts";

const { streamGenerate, resumeStream } = GenerationService.method;

const WAIT_MS = 30_000;
const TEST_MS = 120_000;
/** Long enough to outlast the 2 s for which a running stream waits for its store. */
const TOKENS = 40;
const PROVIDER_OPTIONS = { simulator: { tokens: TOKENS, pace_ms: 100 } } as never;

interface Replica {
  readonly service: ServiceProcess;
  readonly client: GrpcClient;
}

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startReplica(store: string): Promise<Replica> {
  const service = await startService({ env: { STEER_STREAM_STORE: store } });
  const client = createGrpcClient(service.grpc);
  ends.push(async () => {
    client.close();
    await service.stop();
  });
  return { service, client };
}

async function useRedis(...args: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis({ args });
  ends.push(() => redis[Symbol.asyncDispose]());
  return redis;
}

function useFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "steer-field-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function readiness({ service }: Replica): Promise<unknown> {
  // A wait without an end would not say which of them it was.
  const answer = await fetch(`${service.http}/readyz`, { signal: AbortSignal.timeout(WAIT_MS) });
  return [answer.status, await answer.json()];
}

const degraded = (store: string): unknown => [200, { status: "DEGRADED", store }];

function lines({ service }: Replica): unknown[] {
  return service.log
    .filter(({ event }) => event === "store away" || event === "store back")
    .map(({ event, cause }) => (cause === undefined ? event : `${event}: ${cause}`));
}

/** A stream as one caller reads it. */
interface Seen {
  readonly events: StreamEvent[];
  /** Deltas of text. */
  deltas(): number;
  /** A heartbeat has said that events are shown before they are stored. */
  wasUndurable(): boolean;
  end(): string | undefined;
  streamId(): string;
  readonly done: Promise<void>;
}

function read(call: AsyncIterable<StreamEvent>): Seen {
  const events: StreamEvent[] = [];
  let isUndurable = false;
  const done = (async () => {
    for await (const event of call) {
      if (event.event.case !== "heartbeat") events.push(event);
      else if (event.event.value.undurable) isUndurable = true;
    }
  })();
  done.catch(() => {});
  const body = (at: number) => events.at(at)?.event;
  return {
    events,
    deltas: () => events.filter(({ event }) => event.case === "textDelta").length,
    wasUndurable: () => isUndurable,
    end: () => body(-1)?.case,
    streamId: () => {
      const start = body(0);
      return start?.case === "start" ? start.value.streamId : "";
    },
    done,
  };
}

function begin({ client }: Replica, simulator = PROVIDER_OPTIONS): Seen {
  const spec = { model: "simulator", prompt: "Hi", providerOptions: simulator };
  return read(client.stream(streamGenerate, { spec }));
}

/** What a store with room for no event owes to a stream that runs, to new ones, and to operators. */
async function showsFull(
  replica: Replica,
  fill: () => unknown,
  free: () => unknown,
): Promise<void> {
  const running = begin(replica);
  await eventually(() => running.deltas() >= 5, WAIT_MS);
  await fill();
  await running.done;
  expect([running.deltas(), running.end()]).toEqual([TOKENS, "complete"]);
  expect(running.wasUndurable()).toBe(true);
  expect(await readiness(replica)).toEqual(degraded("full"));
  const unstored = begin(replica, { simulator: { tokens: 3 } } as never);
  await unstored.done;
  expect(unstored.streamId()).toMatch(/^e\./);
  const last = unstored.events.at(-1)?.event;
  expect(last?.case === "complete" && last.value.generation?.warnings).toMatchObject([
    { reason: "STREAM_UNSTORED" },
  ]);
  const { store } = await replica.client.unary(AdminService.method.getProviderStatus, {});
  expect(store).toMatchObject({ available: false, cause: "full" });
  expect(lines(replica)).toEqual(["store away: full"]);
  await free();
  await eventually(() => lines(replica).length > 1, WAIT_MS);
  expect(lines(replica)).toEqual(["store away: full", "store back"]);
  expect(await readiness(replica)).toEqual([200, { status: "OK" }]);
  const again = read(
    replica.client.stream(resumeStream, { streamId: running.streamId(), lastSequence: 0 }),
  );
  await again.done;
  expect(again.events.map(({ sequence }) => sequence)).toEqual(
    running.events.map(({ sequence }) => sequence),
  );
  const next = begin(replica, { simulator: { tokens: 3 } } as never);
  await next.done;
  expect(next.streamId()).toMatch(/^s\./);
}

describe("a store that is full", () => {
  it.skipIf(!canMount())(
    "field:S5, field:S6: SQLite on a disk without room costs no event and no end",
    async () => {
      const disk = mountDisk(useFolder(), "4m");
      ends.push(() => disk.unmount());
      const replica = await startReplica(`sqlite:${join(disk.path, "streams.db")}`);
      await showsFull(replica, disk.fill, disk.free);
    },
    TEST_MS,
  );

  it(
    "field:S7, field:S8, field:S9, field:S10: Redis without memory costs no event and no end",
    async () => {
      const redis = await useRedis();
      const replica = await startReplica(redis.url);
      await showsFull(
        replica,
        async () => {
          await redis.limitMemory(-1);
        },
        () => redis.command("CONFIG", "SET", "maxmemory", "0"),
      );
    },
    TEST_MS,
  );
});

describe("a store that cannot be used", () => {
  async function showsCause(url: string, cause: string): Promise<void> {
    const replica = await startReplica(url);
    // A busy machine's first look at the store may be late, which is a cause of its own.
    await eventually(() => lines(replica).at(-1) === `store away: ${cause}`, WAIT_MS);
    expect(await readiness(replica)).toEqual(degraded(cause));
    const text = JSON.stringify(replica.service.log) + replica.service.errors();
    expect(text).not.toContain("s3cret");
    const { store } = await replica.client.unary(AdminService.method.getProviderStatus, {});
    expect(store).toMatchObject({ type: "redis", available: false, cause });
  }

  it(
    "field:S11: says that its password is wrong",
    async () => {
      const redis = await useRedis("--requirepass", "right");
      await showsCause(redis.url.replace("redis://", "redis://:s3cret@"), "wrong-password");
      await showsCause(redis.url, "wrong-password");
    },
    TEST_MS,
  );

  it(
    "field:S12: says that it is refused",
    async () => showsCause(`redis://:s3cret@127.0.0.1:${await freePort()}`, "refused"),
    TEST_MS,
  );

  it(
    "field:S12: says that nobody knows the host",
    () => showsCause("redis://:s3cret@store.invalid", "unknown-host"),
    TEST_MS,
  );

  it(
    "field:S12: says that TLS fails",
    async () => {
      const port = String(await freePort());
      const own = (file: string): string =>
        join(import.meta.dirname, "../fixtures/tls", `self-signed.${file}`);
      const files = ["--tls-cert-file", own("crt"), "--tls-key-file", own("key")];
      // Nobody has signed its certificate whom this host trusts.
      await useRedis("--tls-port", port, ...files, "--tls-ca-cert-file", own("crt"));
      await showsCause(`rediss://:s3cret@127.0.0.1:${port}`, "tls");
    },
    TEST_MS,
  );

  it(
    "field:S11: says so too where the password changes at a restart",
    async () => {
      const redis = await useRedis();
      const replica = await startReplica(redis.url);
      await redis.command("CONFIG", "SET", "requirepass", "another");
      await redis.command("CLIENT", "KILL", "TYPE", "normal").catch(() => {});
      await eventually(
        async () => JSON.stringify(await readiness(replica)).includes("password"),
        WAIT_MS,
      );
      await eventually(() => lines(replica).at(-1) === "store away: wrong-password", WAIT_MS);
    },
    TEST_MS,
  );

  it(
    "field:S18: says that its file is gone",
    async () => {
      const path = join(useFolder(), "streams.db");
      const replica = await startReplica(`sqlite:${path}`);
      expect(await readiness(replica)).toEqual([200, { status: "OK" }]);
      const running = begin(replica);
      await eventually(() => running.deltas() >= 3, WAIT_MS);
      unlinkSync(path);
      await eventually(() => lines(replica).length > 0, WAIT_MS);
      expect(lines(replica)).toEqual(["store away: file-gone"]);
      expect(await readiness(replica)).toEqual(degraded("file-gone"));
      await running.done;
      expect([running.deltas(), running.end()]).toEqual([TOKENS, "complete"]);
    },
    TEST_MS,
  );
});

describe("a store that is emptied", () => {
  it(
    "field:S16: loses no stream of an owner that lives",
    async () => {
      const redis = await useRedis();
      const [a, b] = await Promise.all([startReplica(redis.url), startReplica(redis.url)]);
      const slow = { simulator: { tokens: 40, pace_ms: 100 } } as never;
      const running = [a, b].flatMap((replica) =>
        Array.from({ length: 12 }, () => begin(replica, slow)),
      );
      await eventually(() => running.every((seen) => seen.deltas() >= 3), WAIT_MS);
      await redis.command("FLUSHALL");
      await Promise.all(running.map(({ done }) => done));
      expect(running.map((seen) => [seen.deltas(), seen.end()])).toEqual(
        running.map(() => [40, "complete"]),
      );
      const lost = [a, b].flatMap(({ service }) =>
        service.log.filter(({ event }) => event === "stream lost" || event === "takeover"),
      );
      expect(lost).toEqual([]);
    },
    TEST_MS,
  );
});
