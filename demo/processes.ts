import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How long a process may take to say that it serves. */
const START_TIMEOUT_MS = 20_000;

/** What a replica needs of the environment of the demo. Its own configuration must not reach a replica. */
const KEPT = ["PATH", "HOME", "TMPDIR", "NODE_EXTRA_CA_CERTS"] as const;

/** A program that runs until the demo ends it. */
export interface Running {
  readonly pid: number;
  kill(): void;
}

export interface Replica extends Running {
  /** Its own name, which streams have as their owner. */
  readonly name: string;
  readonly grpc: string;
  readonly http: string;
}

/** All programs that the demo has started end with it. */
export class Processes implements AsyncDisposable {
  readonly #children = new Set<ChildProcess>();

  async #firstLine(child: ChildProcess, isReady: (line: string) => boolean): Promise<string> {
    if (child.stdout === null) throw new Error("no output to read");
    const lines = createInterface({ input: child.stdout });
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`${child.spawnfile} ended with ${code} before it served`);
    });
    const ready = (async () => {
      for await (const line of lines) if (isReady(line)) return line;
      throw new Error(`${child.spawnfile} said nothing`);
    })();
    const line = await Promise.race([ready, failed]);
    failed.catch(() => {});
    child.stdout.resume();
    return line;
  }

  async #start(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    isReady: (line: string) => boolean,
  ): Promise<{ readonly running: Running; readonly line: string }> {
    const signal = AbortSignal.timeout(START_TIMEOUT_MS);
    const child = spawn(command, [...args], { env, stdio: ["ignore", "pipe", "inherit"] });
    this.#children.add(child);
    await once(child, "spawn", { signal });
    const line = await this.#firstLine(child, isReady);
    const kill = (): void => void child.kill("SIGKILL");
    return { running: { pid: child.pid ?? 0, kill }, line };
  }

  /** A Redis that keeps nothing on disk. Rejects where `redis-server` is not installed. */
  async startRedis(port: number): Promise<Running> {
    const args = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
    ];
    const isReady = (line: string): boolean => line.includes("Ready to accept connections");
    return (await this.#start("redis-server", args, process.env, isReady)).running;
  }

  /** A replica as `npm start` starts it, with one setting: where streams are kept. */
  async startReplica(store: string): Promise<Replica> {
    const kept = Object.fromEntries(KEPT.map((name) => [name, process.env[name]]));
    const env = {
      ...kept,
      STEER_GRPC_ADDRESS: "127.0.0.1:0",
      STEER_HTTP_ADDRESS: "127.0.0.1:0",
      STEER_STREAM_STORE: store,
    };
    const main = new URL("../src/main.js", import.meta.url).pathname;
    const { running, line } = await this.#start(process.execPath, [main], env, () => true);
    const { replica, grpc, http } = JSON.parse(line) as Record<string, string>;
    if (replica === undefined || grpc === undefined || http === undefined) {
      throw new Error(`a replica said no addresses but ${line}`);
    }
    return { ...running, name: replica, grpc, http };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [...this.#children].map((child) => {
      const isOver = child.exitCode !== null || child.signalCode !== null;
      const end = isOver ? undefined : once(child, "exit");
      child.kill("SIGKILL");
      return end;
    });
    await Promise.all(ends);
  }
}
