import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { endsWithParent } from "../../support/ends-with-parent.ts";
import { requireReasons } from "../../support/explained-settings.ts";
import { freePort } from "../../support/free-port.ts";
import { environmentOfRun } from "../../support/test-run.ts";
import type { Hook, Order, Report } from "./hooks.ts";

/** A gateway under test: killed, stopped and started again on the same ports. */
export interface GatewayProcess {
  /** `host:port` of the gRPC listener, the same after every start. */
  readonly grpc: string;
  /** `host:port` of the HTTP listener. */
  readonly http: string;
  readonly isRunning: boolean;
  /** Processes that have ended, also while they started. */
  readonly exits: number;
  /** Lines of its log, all starts together. */
  readonly log: readonly Record<string, unknown>[];
  start(): Promise<void>;
  order(order: Order): void;
  /** Resolves when the hook is in place, or nobody is there to take it. */
  arm(hook: Hook): Promise<void>;
  /** Resolves when the hook with this id has been reached. */
  hit(id: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Goes on with another configuration, by SIGHUP; resolves when it is in force. */
  reload(config: string): Promise<void>;
  /** Resolves when the process that runs now has ended. */
  exited(): Promise<void>;
  /** Milliseconds of the appends since the last time. */
  figures(): Promise<readonly number[]>;
  kill(): Promise<void>;
}

const ENTRY = join(import.meta.dirname, "../gateway.ts");
const START_TIMEOUT_MS = 60_000;
const ARM_TIMEOUT_MS = 1_000;
const FIGURES_TIMEOUT_MS = 2_000;
const RELOAD_TIMEOUT_MS = 10_000;
const MAX_LINES = 5_000;

export async function startGateway(initial: string): Promise<GatewayProcess> {
  let config = initial;
  requireReasons(config);
  let file = "";
  let takeReloaded: (() => void) | undefined;
  const log: Record<string, unknown>[] = [];
  const hits = new Map<string, () => void>();
  const armed = new Map<string, () => void>();
  const lasting: Hook[] = [];
  const grpc = `127.0.0.1:${await freePort()}`;
  const http = `127.0.0.1:${await freePort()}`;
  let exits = 0;
  let child: ReturnType<typeof fork> | undefined;
  let exit: Promise<void> = Promise.resolve();
  let takeFigures: ((appends: readonly number[]) => void) | undefined;

  function hear(report: Report): void {
    if (report.type === "figures") takeFigures?.(report.appends);
    else (report.type === "hit" ? hits : armed).get(report.id)?.();
  }

  async function start(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "steer-faults-"));
    file = join(folder, "steer.yaml");
    writeFileSync(file, config);
    // One that is stopped does not see that its channel has ended.
    const [execPath, execArgv] = endsWithParent(process.execPath, []);
    const started = fork(ENTRY, {
      execPath,
      execArgv: [...execArgv],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        ...environmentOfRun(),
        STEER_CONFIG: file,
        STEER_GRPC_ADDRESS: grpc,
        STEER_HTTP_ADDRESS: http,
        UP_KEY: "secret-key",
        FAULT_HOOKS: JSON.stringify(lasting),
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
        exits++;
        if (child === started) child = undefined;
        rmSync(folder, { recursive: true, force: true });
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`a gateway ${why}: ${errors}`));
      const timer = setTimeout(() => fail("neither started nor ended"), START_TIMEOUT_MS);
      if (started.stdout === null) return fail("has no output");
      createInterface({ input: started.stdout }).on("line", (line) => {
        const entry = JSON.parse(line) as Record<string, unknown>;
        if (log.length < MAX_LINES) log.push(entry);
        if (entry["event"] === "reloaded") takeReloaded?.();
        // One that is told to end while it starts says that first.
        if (entry["event"] !== "listening") return;
        clearTimeout(timer);
        resolve();
      });
      void exit.then(() => {
        clearTimeout(timer);
        fail("did not start");
      });
    });
  }

  function order(message: Order): void {
    // One that is just dying hears nothing more.
    if (child?.connected === true) child.send(message, () => {});
  }

  async function kill(): Promise<void> {
    child?.kill("SIGKILL");
    await exit;
  }

  try {
    await start();
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    grpc,
    http,
    get exits() {
      return exits;
    },
    get isRunning() {
      return child !== undefined;
    },
    log,
    start,
    order,
    async arm(hook) {
      if (hook.isLasting === true) lasting.push(hook);
      const isArmed = new Promise<void>((resolve) => armed.set(hook.id, resolve));
      order({ type: "hook", hook });
      await Promise.race([isArmed, exit, delay(ARM_TIMEOUT_MS)]);
    },
    hit: (id) => new Promise((resolve) => hits.set(id, resolve)),
    signal: (name) => void child?.kill(name),
    async reload(next) {
      config = next;
      writeFileSync(file, config);
      const reloaded = new Promise<void>((resolve) => {
        takeReloaded = resolve;
      });
      child?.kill("SIGHUP");
      await Promise.race([reloaded, exit, delay(RELOAD_TIMEOUT_MS)]);
    },
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
    kill,
  };
}
