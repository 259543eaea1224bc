// The processes around a leg. All of them end with the leg.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "../tests/support/redis.ts";
import { shippedStart } from "../tests/support/shipped-start.ts";
import { unaryLoad } from "./calls.ts";
import { openChannel } from "./load.ts";
import {
  type Environment,
  LOAD_CPU,
  SERVER_CPU,
  type Served,
  type Server,
  startProgram,
  startServer,
} from "./processes.ts";
import type { Row } from "./report.ts";

export const STORES = ["memory", "sqlite", "redis"] as const;

export type StoreName = (typeof STORES)[number];

/** Mode of the floor process: see `floor.ts`. */
export type FloorMode = "echo" | "unary" | "stream" | "replay";

/** Measurements of a round's length in a window. */
const SLOTS = 24;
const ROOT = join(import.meta.dirname, "..");

interface GatewayOptions {
  /** Program of the bench that runs before the gateway's first line. */
  readonly preload?: string;
  /** Number of configured callers; default: none, and anyone may call. */
  readonly callers?: number;
  /** Number of models beside those of every gateway. */
  readonly models?: number;
  /** Repository folder of the gateway to start; default: this one. */
  readonly checkout?: string;
}

const here = (file: string): string => join(import.meta.dirname, file);

/** The key of the caller with this number. */
export const keyOf = (caller: number): string => `key-of-caller-${caller}`;

function callers(count: number): string {
  const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");
  const rows = Array.from(
    { length: count },
    (_, caller) => `  - {id: caller-${caller}, role: caller, key_sha256: ${sha256(keyOf(caller))}}`,
  );
  return rows.length === 0 ? "" : `callers:\n${rows.join("\n")}\n`;
}

function configuration(upstream: string): string {
  return `
providers:
  - {id: bench, type: openai, base_url: "${upstream}/v1", api_key_env: BENCH_KEY}
  - {id: spare, type: openai, base_url: "${upstream}/v1", api_key_env: BENCH_KEY}
models:
  - {id: bench, provider: bench}
  - {id: long, provider: bench}
  - {id: short, provider: bench}
  - {id: paced, provider: bench}
  - {id: paced-5, provider: bench}
  - {id: answer-1k, provider: bench}
  - {id: answer-16k, provider: bench}
  - {id: hostile, provider: bench, provider_model: gpt-4o}
  - {id: faulty, provider: bench}
  - {id: faulty, provider: spare}
  - {id: twin, provider: bench}
  - {id: twin, provider: spare}
`;
}

/** More rows of `models`. */
function models(count: number): string {
  return Array.from(
    { length: count },
    (_, model) => `  - {id: model-${model}, provider: bench}\n`,
  ).join("");
}

export class Scene implements AsyncDisposable {
  /** Length of the window in milliseconds in which a leg observes a steady state. */
  readonly windowMs: number;
  /** Length in milliseconds of one measurement in a round. */
  readonly slotMs: number;
  readonly folder = mkdtempSync(join(tmpdir(), "steer-bench-"));
  readonly #ends: (() => Promise<void>)[] = [];
  #upstream: Promise<string> | undefined;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
    this.slotMs = windowMs / SLOTS;
  }

  /** The path of a program of the bench. */
  file(name: string): string {
    return here(name);
  }

  /** Starts a process of the bench, on the load's processor or on the measured one. */
  async start(cpu: number, args: readonly string[], env: Environment = {}): Promise<Server> {
    const server = await startServer(cpu, args, env);
    this.#ends.push(() => server.stop());
    return server;
  }

  /** Starts a program that is no part of the bench. */
  startProgram(cpu: number, command: readonly string[], env: Environment): Server {
    const server = { ...startProgram(cpu, command, env), first: {} };
    this.#ends.push(() => server.stop());
    return server;
  }

  /** Runs a program of the bench on the measured processor, and returns its output line. */
  async measure(program: string, ...args: readonly string[]): Promise<Server["first"]> {
    const { first } = await this.start(SERVER_CPU, [here(program), ...args]);
    return first;
  }

  /** The address of the upstream: see `upstream.ts`. */
  upstream(): Promise<string> {
    this.#upstream ??= this.start(LOAD_CPU, [here("upstream.ts")]).then(({ first }) =>
      String(first["url"]),
    );
    return this.#upstream;
  }

  /** Starts the gateway with the upstream as its provider. */
  async gateway(
    env: Environment = {},
    { preload, callers: count = 0, models: more = 0, checkout = ROOT }: GatewayOptions = {},
  ): Promise<Served> {
    const config = join(this.folder, `steer-${count}-${more}.yaml`);
    writeFileSync(config, configuration(await this.upstream()) + models(more) + callers(count));
    const before = preload === undefined ? [] : ["--import", here(preload)];
    const start = shippedStart(checkout);
    const server = await this.start(SERVER_CPU, [...before, ...start.args], {
      ...start.env,
      STEER_CONFIG: config,
      BENCH_KEY: "none",
      STEER_GRPC_ADDRESS: "127.0.0.1:0",
      STEER_HTTP_ADDRESS: "127.0.0.1:0",
      ...env,
    });
    return { server, address: String(server.first["grpc"]) };
  }

  /** Starts a floor whose unary answer has the bytes of `like`'s answer for `model`. */
  async floor(mode: FloorMode, like?: Served, model = "bench"): Promise<Served> {
    const template = like === undefined ? "" : await this.#answerOf(like, model);
    const args = [here("floor.ts"), mode, await this.upstream(), template];
    const server = await this.start(SERVER_CPU, args);
    return { server, address: String(server.first["grpc"]) };
  }

  /** Starts the floor of 2026-11-29. Its unary answer is that of the simulator, with the upstream's text. */
  async floorOf202611(like?: Served): Promise<Served> {
    const template = like === undefined ? "" : await this.#answerOf(like, "simulator");
    const args = [here("floor-2026-11.ts"), await this.upstream(), template];
    const server = await this.start(SERVER_CPU, args);
    return { server, address: String(server.first["grpc"]) };
  }

  /** Starts the floor of HTTP: a proxy that copies bytes. */
  async httpProxy(): Promise<Served> {
    const server = await this.start(SERVER_CPU, [here("http-floor.ts"), await this.upstream()]);
    return { server, address: String(server.first["http"]) };
  }

  async #answerOf({ address }: Served, model: string): Promise<string> {
    const channel = openChannel(unaryLoad(address, model));
    const file = join(this.folder, `answer-of-${model}.bin`);
    writeFileSync(file, await channel.unary());
    channel.close();
    return file;
  }

  /** `stream.store` of an empty store. */
  async store(name: StoreName): Promise<string> {
    if (name === "memory") return name;
    if (name === "sqlite") return `sqlite:${join(this.folder, "streams.db")}`;
    const redis = await startRedis();
    this.#ends.push(async () => redis[Symbol.asyncDispose]());
    return redis.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
    rmSync(this.folder, { recursive: true });
  }
}

/** One part of the bench. */
export interface Leg {
  readonly name: string;
  readonly about: string;
  /** The leg also measures the Redis store. */
  readonly needsRedis?: boolean;
  /** The leg runs only if it is named. */
  readonly isExtra?: boolean;
  run(scene: Scene): Promise<readonly Row[]>;
}
