import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Hook, Order, Report } from "./hooks.ts";

/** A gateway under test: killed, stopped and started again on the same ports. */
export interface GatewayProcess {
  /** `host:port` of the gRPC listener, the same after every start. */
  readonly grpc: string;
  /** `host:port` of the HTTP listener. */
  readonly http: string;
  readonly isRunning: boolean;
  readonly starts: number;
  /** Lines of its log, all starts together. */
  readonly log: readonly Record<string, unknown>[];
  start(): Promise<void>;
  order(order: Order): void;
  /** Resolves when the hook is in place, or nobody is there to take it. */
  arm(hook: Hook): Promise<void>;
  /** Resolves when the hook with this id has been reached. */
  hit(id: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process that runs now has ended. */
  exited(): Promise<void>;
  /** Milliseconds of the appends since the last time. */
  figures(): Promise<readonly number[]>;
  kill(): Promise<void>;
}

const ENTRY = join(import.meta.dirname, "../gateway.ts");
const START_TIMEOUT_MS = 20_000;
const ARM_TIMEOUT_MS = 1_000;
const FIGURES_TIMEOUT_MS = 2_000;
const MAX_LINES = 5_000;

export async function startGateway(config: string): Promise<GatewayProcess> {
  const log: Record<string, unknown>[] = [];
  const hits = new Map<string, () => void>();
  const armed = new Map<string, () => void>();
  let grpc = "127.0.0.1:0";
  let http = "127.0.0.1:0";
  let starts = 0;
  let child: ReturnType<typeof fork> | undefined;
  let exit: Promise<void> = Promise.resolve();
  let takeFigures: ((appends: readonly number[]) => void) | undefined;

  function hear(report: Report): void {
    if (report.type === "figures") takeFigures?.(report.appends);
    else (report.type === "hit" ? hits : armed).get(report.id)?.();
  }

  async function start(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "steer-faults-"));
    const file = join(folder, "steer.yaml");
    writeFileSync(file, config);
    const started = fork(ENTRY, {
      execPath: process.execPath,
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        PATH: process.env["PATH"] ?? "",
        STEER_CONFIG: file,
        STEER_GRPC_ADDRESS: grpc,
        STEER_HTTP_ADDRESS: http,
        UP_KEY: "secret-key",
      },
    });
    child = started;
    started.on("message", (report: Report) => hear(report));
    let errors = "";
    started.stderr?.on("data", (bytes: Buffer) => {
      errors += bytes.toString();
    });
    exit = new Promise((resolve) => {
      started.once("exit", () => {
        if (child === started) child = undefined;
        rmSync(folder, { recursive: true, force: true });
        resolve();
      });
    });
    const first = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const fail = (): void => reject(new Error(`a gateway did not start: ${errors}`));
      const timer = setTimeout(fail, START_TIMEOUT_MS);
      if (started.stdout === null) return fail();
      createInterface({ input: started.stdout }).on("line", (line) => {
        const entry = JSON.parse(line) as Record<string, unknown>;
        if (log.length < MAX_LINES) log.push(entry);
        // One that is told to end while it starts says that first.
        if (entry["event"] !== "listening") return;
        clearTimeout(timer);
        resolve(entry);
      });
      void exit.then(() => {
        clearTimeout(timer);
        fail();
      });
    });
    starts++;
    grpc = String(first["grpc"]);
    http = String(first["http"]);
  }

  function order(message: Order): void {
    // One that is just dying hears nothing more.
    if (child?.connected === true) child.send(message, () => {});
  }

  await start();
  return {
    get grpc() {
      return grpc;
    },
    get http() {
      return http;
    },
    get starts() {
      return starts;
    },
    get isRunning() {
      return child !== undefined;
    },
    log,
    start,
    order,
    async arm(hook) {
      const isArmed = new Promise<void>((resolve) => armed.set(hook.id, resolve));
      order({ type: "hook", hook });
      await Promise.race([isArmed, exit, delay(ARM_TIMEOUT_MS)]);
    },
    hit: (id) => new Promise((resolve) => hits.set(id, resolve)),
    signal: (name) => void child?.kill(name),
    exited: () => exit,
    async figures() {
      if (child?.connected !== true) return [];
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve([]), FIGURES_TIMEOUT_MS);
        takeFigures = (appends) => {
          clearTimeout(timer);
          resolve(appends);
        };
        order({ type: "figures" });
      });
    },
    async kill() {
      child?.kill("SIGKILL");
      await exit;
    },
  };
}
