// One attack upon a gateway, and again where only its times were wrong: a busy machine has such times too.
import { readdirSync, readFileSync } from "node:fs";
import { residentMiB } from "../support/process-figures.ts";
import { type Attack, type Length, type Tally, together } from "./attack.ts";
import { judge, MAX_GROWTH_MIB, type Seen, type Verdict } from "./judge.ts";
import { type BareServer, bearer, type Gateway, startAttacker, startGateway } from "./processes.ts";
import { quantile, Sampler, worst } from "./sampler.ts";

const TRIES = 3;
/** How long nothing happens before an attack. */
const QUIET_MS: Readonly<Record<Length, number>> = { short: 500, usual: 1_000, long: 1_000 };
/** The least that an attack is of use for. */
const LEAST_SECONDS = 1;
/**
 * What a gateway does before it is attacked, so that it has the memory of one in use: calls, by the bytes of a prompt
 * and by how many go on at once. Counted, since a slow machine makes few calls in a time, and has little memory then.
 */
const WARM_LOADS: readonly {
  readonly bytes: number;
  readonly atOnce: number;
  readonly calls: number;
  /** Unset: nothing of the calls is kept, which grows with their number. */
  readonly isStored?: boolean;
}[] = [
  { bytes: 100, atOnce: 100, calls: 4_000 },
  { bytes: 16 * 1024, atOnce: 32, calls: 2_000 },
  { bytes: 256 * 1024, atOnce: 8, calls: 200 },
  // The code of stored calls is not compiled before the first ones.
  { bytes: 100, atOnce: 32, calls: 200, isStored: true },
];
/** Requests to the bare server until its code is compiled. */
const WARM_BARE_REQUESTS = 4_000;
/** Calls whose cost is measured, and requests to the bare server beside them. */
const COST_ROUNDS = 20;
const COST_CALLS = 30;
/**
 * A gateway that has so much more than at its start is not taken for the next attack: 12 MiB, and at most a quarter of
 * that attack's bar, which counts from the start.
 */
const MAX_LEFT_MIB = 12;
const MAX_LEFT_SHARE = 0.25;

export interface Outcome extends Verdict {
  readonly attack: Attack;
  readonly tally: Tally;
  readonly tries: number;
}

/** CPU of a process, all its threads, in microseconds. */
function cpuMicros(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [nanos] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return sum + Number(nanos) / 1_000;
  }, 0);
}

async function cpuOf(pid: number, work: () => Promise<void>): Promise<number> {
  const before = cpuMicros(pid);
  for (let index = 0; index < COST_CALLS; index++) await work();
  return cpuMicros(pid) - before;
}

/**
 * CPU of a call in units of a request to the bare server at the same time, as the machine's speed changes within
 * minutes. Medians, since a collection of garbage is in some rounds and not in others.
 */
async function costOfCall(sampler: Sampler, pid: number, barePid: number): Promise<number> {
  const ofGateway: number[] = [];
  const ofBare: number[] = [];
  for (let round = 0; round < COST_ROUNDS; round++) {
    ofGateway.push(await cpuOf(pid, () => sampler.call()));
    ofBare.push(await cpuOf(barePid, () => sampler.askFloor()));
  }
  return quantile(ofGateway, 0.5) / quantile(ofBare, 0.5);
}

async function warm(sampler: Sampler): Promise<void> {
  for (const { bytes, atOnce, calls, isStored } of WARM_LOADS) {
    const prompt = "x".repeat(bytes);
    let begun = 0;
    await together(atOnce, async () => {
      while (begun++ < calls) await sampler.call(prompt, isStored);
    });
  }
  for (let made = 0; made < WARM_BARE_REQUESTS; made++) await sampler.askFloor();
}

/** A gateway in use, with what it holds then. */
interface Warm extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly sampler: Sampler;
  readonly baseMiB: number;
}

async function warmGateway(
  kind: NonNullable<Attack["gateway"]>,
  bare: BareServer,
  isBusyMachine: boolean,
): Promise<Warm> {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await startGateway(kind, bare.target.http));
  const { pid, target } = gateway;
  const watched = { pid, target, authorization: bearer("other") };
  const sampler = stack.use(new Sampler(watched, bare, isBusyMachine));
  const { samples } = await sampler.during(warm(sampler));
  const baseMiB = samples.residentMiB;
  const owned = stack.move();
  return { gateway, sampler, baseMiB, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Runs attacks one after the other, and keeps the gateway as long as nothing is left of the last one. */
export class Attacks implements AsyncDisposable {
  readonly #bare: BareServer;
  readonly #length: Length;
  readonly #slowness: number;
  readonly #warm = new Map<string, Warm>();

  /** `slowness`: how many times longer than on a good machine anything may take. */
  constructor(bare: BareServer, length: Length, slowness: number) {
    this.#bare = bare;
    this.#length = length;
    this.#slowness = slowness;
  }

  async run(attack: Attack): Promise<Outcome> {
    let bareLivezMs: number | undefined;
    for (let tries = 1; ; tries++) {
      const seen = await this.#try(attack, bareLivezMs);
      const verdict = judge(attack, seen, this.#slowness);
      const isSettled = verdict.late.length === 0 || verdict.wrong.length > 0;
      if (isSettled || tries === TRIES) return { attack, tally: seen.tally, tries, ...verdict };
      bareLivezMs ??= await this.#bareLivez(attack);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const warm of this.#warm.values()) await warm[Symbol.asyncDispose]();
  }

  /** Others work on the machine of a short run too. */
  get #isBusyMachine(): boolean {
    return this.#length === "short";
  }

  #secondsOf({ seconds, longSeconds }: Attack): number {
    switch (this.#length) {
      case "short":
        return this.#slowness * Math.max(LEAST_SECONDS, seconds / 3);
      case "usual":
        return this.#slowness * seconds;
      case "long":
        return this.#slowness * (longSeconds ?? 10 * seconds);
    }
  }

  async #take({ gateway: kind = "callers", maxGrowthMiB }: Attack): Promise<Warm> {
    const kept = this.#warm.get(kind);
    const maxLeft = Math.min(MAX_LEFT_MIB, MAX_LEFT_SHARE * (maxGrowthMiB ?? MAX_GROWTH_MIB));
    if (kept?.gateway.isAlive && residentMiB(kept.gateway.pid) <= kept.baseMiB + maxLeft) {
      return kept;
    }
    await kept?.[Symbol.asyncDispose]();
    this.#warm.delete(kind);
    const fresh = await warmGateway(kind, this.#bare, this.#isBusyMachine);
    this.#warm.set(kind, fresh);
    return fresh;
  }

  async #try(attack: Attack, bareLivezMs: number | undefined): Promise<Seen> {
    const { gateway, sampler, baseMiB } = await this.#take(attack);
    const { pid, target } = gateway;
    const before = gateway.trouble().length;
    const seconds = this.#secondsOf(attack);
    await using attacker = await startAttacker(attack, { target, seconds, length: this.#length });
    const hasCost = attack.maxCostRatio !== undefined;
    const cost = hasCost ? await costOfCall(sampler, pid, this.#bare.pid) : 1;
    const quiet = await sampler.quiet(QUIET_MS[this.#length]);
    const { samples: attacked, result: tally } = await sampler.during(attacker.attack());
    const costAfter =
      hasCost && gateway.isAlive ? await costOfCall(sampler, pid, this.#bare.pid) : undefined;
    const trouble = gateway.trouble().slice(before);
    const costRatio = costAfter === undefined ? undefined : costAfter / cost;
    return {
      quiet,
      attacked,
      baseMiB,
      tally,
      bareLivezMs,
      costRatio,
      trouble: gateway.isAlive ? trouble : ["the gateway has ended", ...trouble],
    };
  }

  async #bareLivez(attack: Attack): Promise<number> {
    const { target } = this.#bare;
    const seconds = this.#secondsOf(attack);
    await using attacker = await startAttacker(attack, { target, seconds, length: this.#length });
    const watched = { ...this.#bare, authorization: undefined };
    using sampler = new Sampler(watched, this.#bare, this.#isBusyMachine);
    const { samples } = await sampler.during(attacker.attack());
    return worst(samples.livez);
  }
}
