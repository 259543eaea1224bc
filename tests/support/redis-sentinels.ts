// A primary with a replica, and the Sentinels that watch them.
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { freePort } from "./free-port.ts";
import { launchRedis, type RedisServer, startRedis } from "./redis.ts";
import { eventually } from "./stack.ts";

const MASTER = "main";
const COUNT = 3;

export interface SentinelSet extends AsyncDisposable {
  readonly servers: readonly [RedisServer, RedisServer];
  readonly ports: readonly number[];
  /** The rest of the URL: the master, and a query. */
  url(options?: { readonly master?: string; readonly query?: string }): string;
  /** Port of the primary, according to the first Sentinel. */
  primary(): Promise<number>;
}

export interface SentinelOptions {
  /** Password of the servers. Default: none. */
  readonly password?: string;
  /** Password of the Sentinels. Default: none. */
  readonly sentinelPassword?: string;
}

export async function startSentinels(options: SentinelOptions = {}): Promise<SentinelSet> {
  const { password, sentinelPassword } = options;
  const secret =
    password === undefined ? [] : ["--requirepass", password, "--masterauth", password];
  const args = ["--repl-diskless-sync-delay", "0", ...secret];
  const servers = [await startRedis({ args }), await startRedis({ args })] as const;
  const [primary, replica] = servers;
  await replica.command("REPLICAOF", "127.0.0.1", String(primary.port));
  await eventually(async () =>
    String(await replica.command("INFO", "replication")).includes("master_link_status:up"),
  );
  const folder = mkdtempSync(join(tmpdir(), "steer-sentinel-"));
  const ports: number[] = [];
  const processes: ChildProcess[] = [];
  for (let index = 0; index < COUNT; index++) {
    const port = await freePort();
    const file = join(folder, `${port}.conf`);
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor ${MASTER} 127.0.0.1 ${primary.port} 2`,
      `sentinel down-after-milliseconds ${MASTER} 1000`,
      `sentinel failover-timeout ${MASTER} 5000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${MASTER} ${password}`]),
      ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    processes.push(await launchRedis([file, "--sentinel"], "Sentinel ID is"));
    ports.push(port);
  }
  const sentinel = createClient({
    socket: { host: "127.0.0.1", port: ports[0] ?? 0 },
    ...(sentinelPassword !== undefined && { password: sentinelPassword }),
  });
  sentinel.on("error", () => {});
  await sentinel.connect();
  const ask = (...words: string[]): Promise<unknown> =>
    sentinel.sendCommand(["SENTINEL", ...words]);
  // Sentinels learn of each other through the primary, every two seconds.
  await eventually(async () => {
    const [others, replicas] = [await ask("SENTINELS", MASTER), await ask("REPLICAS", MASTER)];
    return (others as unknown[]).length === COUNT - 1 && (replicas as unknown[]).length === 1;
  });
  return {
    servers,
    ports,
    url({ master = MASTER, query = "" } = {}) {
      const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
      const userInfo = password === undefined ? "" : `:${encodeURIComponent(password)}@`;
      return `redis+sentinel://${userInfo}${hosts}/${master}${query}`;
    },
    async primary() {
      const answer = (await ask("GET-MASTER-ADDR-BY-NAME", MASTER)) as string[];
      return Number(answer[1]);
    },
    async [Symbol.asyncDispose]() {
      sentinel.destroy();
      for (const each of processes) {
        const ended = new Promise((resolve) => each.once("exit", resolve));
        each.kill("SIGKILL");
        await ended;
      }
      for (const server of servers) await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
