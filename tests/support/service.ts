import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endsWithParent } from "./ends-with-parent.ts";
import { requireReasons } from "./explained-settings.ts";
import { logLineProblem } from "./log-line-problem.ts";
import { environmentOfRun } from "./test-run.ts";

/** The real service in its own process. */
export interface ServiceProcess {
  readonly pid: number;
  /** `host:port` of the gRPC listener. */
  readonly grpc: string;
  /** `http://host:port` of the HTTP listener. */
  readonly http: string;
  /** Lines of the log so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** Resolves when the newest line has these values. A line is written after its call. */
  logged(values: Readonly<Record<string, unknown>>): Promise<void>;
  /** Everything written to standard error. */
  readonly errors: () => string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code when the process has ended and its last lines are read. */
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** Text of the configuration file. Settings that differ from the shipped defaults need `# because: …`. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Limit of the process on open files, at most the machine's own limit. */
  readonly maxOpenFiles?: number;
  /** Time limit of the start in milliseconds. Default: 15,000. */
  readonly startTimeoutMs?: number;
  /** Called when the process is there, before it serves. */
  readonly onSpawn?: (pid: number) => void;
}

const ENTRY = join(import.meta.dirname, "../../src/main.js");
const START_TIMEOUT_MS = 60_000;
const LOG_TIMEOUT_MS = 60_000;

/** Starts the service on free ports. Rejects with its standard error if it ends. */
export async function startService(options: ServiceOptions = {}): Promise<ServiceProcess> {
  const env: Record<string, string> = {
    ...environmentOfRun(),
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
    ...options.env,
  };
  const named = env["STEER_CONFIG"];
  requireReasons(options.config ?? (named === undefined ? "" : readFileSync(named, "utf8")), env);
  const folder = mkdtempSync(join(tmpdir(), "steer-test-"));
  if (options.config !== undefined) {
    const file = join(folder, "steer.yaml");
    writeFileSync(file, options.config || "{}\n");
    env["STEER_CONFIG"] = file;
  }
  const command =
    options.maxOpenFiles === undefined
      ? [process.execPath, ENTRY]
      : ["sh", "-c", `ulimit -n ${options.maxOpenFiles}; exec "$0" "$1"`, process.execPath, ENTRY];
  const [program = "", ...args] = command;
  const child: ChildProcess = spawn(...endsWithParent(program, args), {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr, pid } = child;
  if (stdout === null || stderr === null || pid === undefined) throw new Error("no process");
  options.onSpawn?.(pid);
  const log: Record<string, unknown>[] = [];
  let errors = "";
  stderr.on("data", (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(code);
    });
  });
  const first = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error("the service did not start"));
    }, options.startTimeoutMs ?? START_TIMEOUT_MS);
    const lines = createInterface({ input: stdout });
    lines.on("line", (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      // Thrown as an uncaught error: a line that no page lists fails any test.
      const problem = logLineProblem(entry);
      if (problem !== undefined) throw new Error(`docs/logging.md: ${problem}: ${line}`);
      clearTimeout(timer);
      if (entry["event"] === "listening") resolve(entry);
      else reject(new Error(`the first line has no addresses: ${line}`));
    });
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the service ended with ${code}: ${errors}`));
    });
  });
  return {
    pid,
    grpc: String(first["grpc"]),
    http: `http://${String(first["http"])}`,
    log,
    async logged(values) {
      const has = (line: Record<string, unknown> | undefined): boolean =>
        line !== undefined && Object.entries(values).every(([key, value]) => line[key] === value);
      const deadline = performance.now() + LOG_TIMEOUT_MS;
      while (!has(log.at(-1))) {
        if (performance.now() > deadline) {
          throw new Error(`the newest line is ${JSON.stringify(log.at(-1))}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    errors: () => errors,
    signal: (name) => void child.kill(name),
    exited,
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
