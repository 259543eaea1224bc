// Looks at a gateway from outside while it is attacked: `/livez`, another caller's calls, its memory, and
// beside it a server that nobody attacks.
import { readFileSync } from "node:fs";
import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { residentMiB } from "../support/process-figures.ts";
import type { Target } from "./attack.ts";

/** A probe goes out each time, however long those before it take: a gateway that stands is seen by many. */
const PROBE_EVERY_MS = 25;
/** Every second probe calls, and looks at the memory. */
const CALL_EVERY = 2;
/** A probe that takes longer has failed. */
const PROBE_TIMEOUT_MS = 60_000;

const { streamGenerate } = GenerationService.method;
/** The least that a call can be. It is not stored: what is grows with the calls, attack or not. */
const SPEC = { model: "simulator", providerOptions: { simulator: { tokens: 1 } } } as const;

/**
 * Times without what the machine kept the gateway, or this process, waiting for a processor; on a machine that may be
 * busy with other work, no more than the gateway's first thread itself worked meanwhile. A loop that is held works,
 * and other processes add nothing to its work.
 */
export interface Samples {
  /** Milliseconds of each answer. */
  readonly livez: readonly number[];
  /** Of a server that does nothing and is not attacked. */
  readonly floor: readonly number[];
  readonly calls: readonly number[];
  /** What failed, `/livez` or a call, and by what. */
  readonly failures: readonly string[];
  readonly residentMiB: number;
}

export interface Watched {
  readonly pid: number;
  readonly target: Target;
  /** Of the other caller. Undefined: not a gateway, and nobody calls. */
  readonly authorization: string | undefined;
}

/** Milliseconds that the first thread of a process worked, and was ready to run and had no processor. */
interface ThreadTimes {
  readonly worked: number;
  readonly waited: number;
}

function threadTimes(pid: number): ThreadTimes {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8");
    const [worked, waited] = text.split(" ");
    return { worked: Number(worked) / 1e6, waited: Number(waited) / 1e6 };
  } catch {
    // It has ended, of which the probes tell.
    return { worked: 0, waited: 0 };
  }
}

function getLivez(url: string, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/livez`, { agent, timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
  });
}

export class Sampler implements Disposable {
  readonly #watched: Watched;
  readonly #floor: Pick<Watched, "pid" | "target">;
  readonly #client: GrpcClient | undefined;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  readonly #isBusyMachine: boolean;

  constructor(watched: Watched, floor: Pick<Watched, "pid" | "target">, isBusyMachine: boolean) {
    this.#watched = watched;
    this.#floor = floor;
    this.#isBusyMachine = isBusyMachine;
    if (watched.authorization !== undefined) this.#client = createGrpcClient(watched.target.grpc);
  }

  /** One call of the other caller. `isStored`: as callers get it who ask for nothing else. */
  async call(prompt = "Hi", isStored = false): Promise<void> {
    const { authorization } = this.#watched;
    if (authorization === undefined || this.#client === undefined) return;
    const call = this.#client.stream(
      streamGenerate,
      { spec: { ...SPEC, prompt }, options: { ephemeral: !isStored } },
      { metadata: { authorization }, timeoutMs: PROBE_TIMEOUT_MS },
    );
    for await (const _ of call);
  }

  /** One request to the server that is not attacked. */
  askFloor(): Promise<void> {
    return getLivez(this.#floor.target.http, this.#agent);
  }

  /** Looks until `work` ends. */
  async during<Result>(work: Promise<Result>): Promise<{ samples: Samples; result: Result }> {
    const livez: number[] = [];
    const floor: number[] = [];
    const calls: number[] = [];
    const failures: string[] = [];
    const { pid, target, authorization } = this.#watched;
    const floorPid = this.#floor.pid;
    let resident = 0;
    let probes = 0;
    const out = new Set<Promise<void>>();
    const probe = (name: string, times: number[], of: number, ask: () => Promise<void>): void => {
      const startedAt = performance.now();
      const [theirs, ours] = [threadTimes(of), threadTimes(process.pid)];
      const asked = ask()
        .then(() => {
          const [theirsNow, oursNow] = [threadTimes(of), threadTimes(process.pid)];
          // Not the sum: the two can wait at the same time.
          const waited = Math.max(theirsNow.waited - theirs.waited, oursNow.waited - ours.waited);
          const took = Math.max(0, performance.now() - startedAt - waited);
          const worked = theirsNow.worked - theirs.worked;
          times.push(this.#isBusyMachine ? Math.min(took, worked) : took);
        })
        .catch((error: Error) => void failures.push(`${name}: ${error.message}`))
        .finally(() => out.delete(asked));
      out.add(asked);
    };
    const look = (): void => {
      probe("/livez", livez, pid, () => getLivez(target.http, this.#agent));
      probe("floor", floor, floorPid, () => this.askFloor());
      if (probes++ % CALL_EVERY > 0 || authorization === undefined) return;
      probe("call", calls, pid, () => this.call());
      resident = Math.max(resident, residentMiB(pid));
    };
    const timer = setInterval(look, PROBE_EVERY_MS);
    try {
      const result = await work;
      clearInterval(timer);
      await Promise.all(out);
      return { samples: { livez, floor, calls, failures, residentMiB: resident }, result };
    } finally {
      clearInterval(timer);
    }
  }

  /** What is to be seen while nothing happens. */
  async quiet(milliseconds: number): Promise<Samples> {
    return (await this.during(delay(milliseconds))).samples;
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#agent.destroy();
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const worst = (values: readonly number[]): number => Math.max(0, ...values);
