// The processes of an attack: the gateway, the bare server beside it, the attacker.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { endsWithParent } from "../support/ends-with-parent.ts";
import { requireReasons } from "../support/explained-settings.ts";
import { shippedStart } from "../support/shipped-start.ts";
import { environmentOfRun } from "../support/test-run.ts";
import type { Attack, Tally, Target } from "./attack.ts";
import type { Order } from "./attacker.ts";

const START_TIMEOUT_MS = 60_000;
/** What a started process may take beyond the time of its attack. */
const OVERTIME_MS = 120_000;
const SHIPPED = shippedStart(join(import.meta.dirname, "../.."));
const ATTACKER = join(import.meta.dirname, "attacker.ts");
const BARE_SERVER = join(import.meta.dirname, "bare-server.ts");

const keyOf = (caller: string): string => `key-of-${caller}`;
export const bearer = (caller: string): string => `Bearer ${keyOf(caller)}`;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const ROLES = { other: "caller", attacker: "caller", operator: "operator" } as const;

/** Nothing is configured but who may call, and a provider whose calls never get that far. */
function configuration(kind: NonNullable<Attack["gateway"]>, bareUrl: string): string {
  const callers = Object.entries(ROLES).map(([id, role]) => {
    return { id, role, key_sha256: sha256(keyOf(id)) };
  });
  const providers = [
    { id: "simulator", type: "simulator" },
    {
      id: "anthropic",
      type: "anthropic",
      base_url: bareUrl,
      api_key_env: "UP_KEY",
      builtin_models: true,
    },
  ];
  return JSON.stringify({ providers, ...(kind === "callers" && { callers }) });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await exited;
}

async function firstLineOf(file: string, child: ChildProcess): Promise<string> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const text = readFileSync(file, "utf8");
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
    await delay(20);
  }
  throw new Error(`the gateway did not start: ${readFileSync(file, "utf8")}`);
}

export interface Gateway extends AsyncDisposable {
  readonly pid: number;
  readonly target: Target;
  readonly isAlive: boolean;
  /** Lines of defects in its log so far, and all that it has written to standard error. */
  trouble(): string[];
}

/** A gateway process whose log goes to a file, as with an operator: nobody here has to read it meanwhile. */
export async function startGateway(
  kind: NonNullable<Attack["gateway"]>,
  bareUrl: string,
): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), "steer-attack-"));
  const [config, log, errors] = ["steer.yaml", "log", "errors"].map((name) => join(folder, name));
  if (config === undefined || log === undefined || errors === undefined) throw new Error("no file");
  const text = configuration(kind, bareUrl);
  requireReasons(text);
  writeFileSync(config, text);
  const child = spawn(...endsWithParent(process.execPath, SHIPPED.args), {
    env: {
      ...environmentOfRun(),
      ...SHIPPED.env,
      STEER_CONFIG: config,
      STEER_GRPC_ADDRESS: "127.0.0.1:0",
      STEER_HTTP_ADDRESS: "127.0.0.1:0",
      UP_KEY: "none",
    },
    stdio: ["ignore", openSync(log, "w"), openSync(errors, "w")],
  });
  const first = JSON.parse(await firstLineOf(log, child)) as Record<string, unknown>;
  return {
    pid: child.pid ?? 0,
    target: {
      grpc: String(first["grpc"]),
      http: `http://${String(first["http"])}`,
      authorization: bearer("attacker"),
    },
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    trouble() {
      const lines = readFileSync(log, "utf8").split("\n");
      const defects = lines.filter((line) => line.includes('"event":"defect"'));
      return [...defects, readFileSync(errors, "utf8")].filter((text) => text !== "");
    },
    async [Symbol.asyncDispose]() {
      await stopped(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Talking extends AsyncDisposable {
  /** The next line that the process says, parsed. */
  next<Line>(timeoutMs: number): Promise<Line>;
  readonly child: ChildProcess;
}

function startTalking(args: readonly string[]): Talking {
  const child = spawn(...endsWithParent(process.execPath, args), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on("error", () => {});
  return {
    child,
    async next<Line>(timeoutMs: number) {
      const late = delay(timeoutMs, undefined, { ref: false }).then(() => undefined);
      const line = await Promise.race([lines.next(), late]);
      if (line === undefined || line.done === true) throw new Error(`${args[0]} says nothing`);
      return JSON.parse(line.value) as Line;
    },
    [Symbol.asyncDispose]: () => stopped(child),
  };
}

export interface BareServer extends AsyncDisposable {
  readonly pid: number;
  readonly target: Target;
}

export async function startBareServer(): Promise<BareServer> {
  const process = startTalking([BARE_SERVER]);
  const addresses = await process.next<Pick<Target, "grpc" | "http">>(START_TIMEOUT_MS);
  return {
    pid: process.child.pid ?? 0,
    target: { ...addresses, authorization: bearer("attacker") },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

export interface Attacker extends AsyncDisposable {
  /** Begins the attack, and says what the attacker saw when it is over. */
  attack(): Promise<Tally>;
}

/** An attacker that has prepared everything. */
export async function startAttacker(attack: Attack, order: Order): Promise<Attacker> {
  const process = startTalking([ATTACKER, attack.name, JSON.stringify(order)]);
  await process.next(START_TIMEOUT_MS);
  return {
    attack() {
      process.child.stdin?.write("\n");
      return process.next<Tally>(1_000 * order.seconds + OVERTIME_MS);
    },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
