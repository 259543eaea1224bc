// Starts of several workers that fail: one message, exit code 1, and no process is left.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { childrenOf, isAlive } from "../support/workers.ts";

const TWO = "workers: 2 # because: the test is about several\n";

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis[Symbol.asyncDispose]());

/** Standard error of a start that fails. */
async function failure(config: string, env: Readonly<Record<string, string>> = {}) {
  const started = startService({ config, env: { STEER_STREAM_STORE: redis.url, ...env } });
  const message = await started.then(
    () => "it has started",
    (error: unknown) => String(error),
  );
  return message.replace(/\/\S*\/steer\.yaml/, "steer.yaml");
}

describe("a start of two workers", () => {
  it("refuses a mistake of the configuration with its place", async () => {
    expect(await failure(`${TWO}drain: {grace: soon} # because: it is wrong\n`)).toMatch(
      /^Error: the service ended with 1: steer: steer\.yaml:2: drain\.grace: must be [^\n]+\n$/,
    );
  });

  it("refuses a number that is none", async () => {
    expect(await failure("workers: many # because: it is wrong\n")).toBe(
      "Error: the service ended with 1: steer: steer.yaml:1: workers: must be auto, or a whole number from 1 to 256\n",
    );
  });

  it("names a store that another process uses", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-workers-"));
    const path = join(folder, "steer.db");
    const env = { STEER_STREAM_STORE: `sqlite:${path}` };
    const first = await startService({ env });
    expect(await failure(TWO, env)).toBe(
      `Error: the service ended with 1: steer: The stream store ${path} is in use by another process\n`,
    );
    await first.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("names a port that is taken", async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    expect(await failure(TWO, { STEER_HTTP_ADDRESS: `127.0.0.1:${port}` })).toBe(
      `Error: the service ended with 1: steer: the HTTP listener cannot listen on 127.0.0.1:${port}: the port is taken\n`,
    );
    other.close();
  });

  it("tells once why the workers cannot start", async () => {
    const config = `${TWO}grpc: {tls: {cert_file: /no/cert.pem, key_file: /no/key.pem}}\n`;
    const message = await failure(config);
    expect(message).toMatch(
      /^Error: the service ended with 1: steer: [^\n]*\/no\/cert\.pem[^\n]*\n$/,
    );
  });

  it("ends its workers if the primary is killed before they serve", async () => {
    const spawned = Promise.withResolvers<number>();
    const started = startService({
      config: TWO,
      env: { STEER_STREAM_STORE: redis.url },
      onSpawn: spawned.resolve,
    });
    const primary = await spawned.promise;
    await eventually(() => childrenOf(primary).length === 2);
    const workers = childrenOf(primary);
    process.kill(primary, "SIGKILL");
    await expect(started).rejects.toThrow("the service ended");
    await eventually(() => !workers.some(isAlive));
  });
});
