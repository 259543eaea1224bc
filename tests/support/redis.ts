import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { systemClock } from "../../src/clock.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { endsWithParent } from "./ends-with-parent.ts";
import { freePort } from "./free-port.ts";
import { createRedisStreams, type OpenStreams } from "./open-streams.ts";
import { eventually } from "./stack.ts";

/** A real `redis-server` on a free port, with its data in a temporary folder. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Folder of its append-only files. */
  readonly dataFolder: string;
  /** Runs one command over a connection of the test. */
  command(...args: readonly string[]): Promise<unknown>;
  /** Limits its memory to the present use plus this; further commands that need memory are refused. */
  limitMemory(moreBytes: number): Promise<void>;
  /** Stops in an orderly way, with everything written. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** `SIGSTOP`: it stops answering and keeps its connections. `SIGCONT` resumes it. */
  signal(name: NodeJS.Signals): void;
  /** Starts again on the same port, with the remaining data. */
  start(): Promise<void>;
}

export interface RedisServerOptions {
  /** Further arguments, for example `["--requirepass", "secret"]`. */
  readonly args?: readonly string[];
  /** False: the test starts it. */
  readonly isStarted?: boolean;
}

const START_TIMEOUT_MS = 60_000;
/** Exit code of a command that cannot start another. */
const NOT_FOUND = 127;

/** Resolves when the output contains `ready`. Rejects with the output if the server ends. */
export function launchRedis(
  args: readonly string[],
  ready = "Ready to accept connections",
): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(...endsWithParent("redis-server", args), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`${why}\n${output}`));
    };
    const timer = setTimeout(() => fail("redis-server did not start"), START_TIMEOUT_MS);
    const isMissing = "redis-server is not installed: apt-get install redis-server";
    child.once("error", (error: NodeJS.ErrnoException) =>
      fail(error.code === "ENOENT" ? isMissing : error.message),
    );
    child.once("exit", (code) =>
      fail(code === NOT_FOUND ? isMissing : `redis-server ended with ${code}`),
    );
    child.stdout?.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      if (!output.includes(ready)) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      child.stdout?.removeAllListeners("data");
      child.stdout?.resume();
      resolve(child);
    });
    child.stderr?.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  });
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dataFolder = mkdtempSync(join(tmpdir(), "steer-redis-"));
  const port = await freePort();
  const more = options.args ?? [];
  const password = more[more.indexOf("--requirepass") + 1];
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dataFolder]
    .concat(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""])
    .concat(["--enable-debug-command", "local", "--loglevel", "notice"])
    .concat(more);
  let child: ChildProcess | undefined;
  let commands: ReturnType<typeof createClient> | undefined;

  async function runCommand(words: readonly string[]): Promise<unknown> {
    if (commands?.isReady !== true) {
      commands = createClient({
        socket: { host: "127.0.0.1", port, reconnectStrategy: false },
        ...(more.includes("--requirepass") && password !== undefined && { password }),
      });
      commands.on("error", () => {});
      await commands.connect();
    }
    return commands.sendCommand(words as string[]);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (commands?.isOpen) commands.destroy();
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    await new Promise((resolve) => {
      ending.once("exit", resolve);
      ending.kill(signal);
    });
  }

  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    dataFolder,
    command: (...words) => runCommand(words),
    async limitMemory(moreBytes) {
      const info = String(await server.command("INFO", "memory"));
      const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
      await server.command("CONFIG", "SET", "maxmemory", String(used + moreBytes));
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    signal: (name) => void child?.kill(name),
    async start() {
      child = await launchRedis(args);
    },
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
  if (options.isStarted !== false) await server.start();
  return server;
}

export async function isUp(store: StreamStore): Promise<boolean> {
  return store.heads([]).then(
    () => true,
    () => false,
  );
}

/** A store that has reached its server. */
export async function connectedRedisStore({ url }: Pick<RedisServer, "url">): Promise<OpenStreams> {
  const store = createRedisStreams({ url, clock: systemClock });
  await eventually(() => isUp(store));
  return store;
}
