// One generation of a simulation of limits, as the gateway treats its reservation.
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { AttemptNeed, CallReservation } from "../../../src/ports/call-limits.ts";
import { testModel } from "../../support/provider-request.ts";
import type { Dice } from "../scheduler.ts";
import { CALLERS, type LimitsReplica, type LimitsWorld, SESSION_MS } from "./limits-world.ts";

const PRICING = { currency: "USD", date: "2026-11-22", inputPicos: 1, outputPicos: 1, tiers: [] };
const MODEL = testModel({ pricing: PRICING });
/** Longest time of a generation in milliseconds, over all of its replicas. */
const TOTAL_MS = 40_000;

function drawNeed(dice: Dice): AttemptNeed & { readonly picos: number } {
  return { tokens: dice.whole(1, 60), picos: dice.whole(1, 300) };
}

/** Refusals of limits, and of a store that is away, are expected. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof GatewayError && ["caller-limit", "state-unavailable"].includes(error.kind)
  );
}

export class SimulatedGeneration {
  readonly caller: string;
  /** The replica that runs it. */
  replica: LimitsReplica | undefined;
  readonly #world: LimitsWorld;
  readonly #id: string;
  readonly #canMove: boolean;
  readonly #used = { tokens: 0, picos: 0 };

  constructor(world: LimitsWorld) {
    const { dice } = world.scheduler;
    this.#world = world;
    this.#id = world.newId();
    this.#canMove = dice.chance(0.5);
    this.caller = dice.pick(CALLERS);
  }

  get isRunning(): boolean {
    return this.replica !== undefined && this.replica.process.state !== "dead";
  }

  /** The replica has ended without a word: another one may go on with the generation. */
  lose(): void {
    const { scheduler } = this.#world;
    const { dice } = scheduler;
    if (!this.#canMove || dice.chance(0.3)) return;
    scheduler.process("orphans").schedule(SESSION_MS + dice.between(0, 10_000), () => {
      const next = this.#world.pickReplica();
      next.process.schedule(0, () => void this.#goOn(next));
    });
  }

  async run(replica: LimitsReplica): Promise<void> {
    const need = drawNeed(this.#world.scheduler.dice);
    const reservation = await this.#guarded(() =>
      replica.limits.of(this.caller)?.reserve(this.#generation(need)),
    );
    if (reservation === undefined) return;
    this.replica = replica;
    await this.#work(replica, reservation, need);
  }

  async #goOn(replica: LimitsReplica): Promise<void> {
    const need = drawNeed(this.#world.scheduler.dice);
    this.replica = replica;
    const reservation = await replica.limits.of(this.caller)?.resume(this.#generation(need));
    if (reservation !== undefined) await this.#work(replica, reservation, need);
  }

  /** One or two attempts; the second one can need a larger reservation. */
  async #work(
    { process }: LimitsReplica,
    reservation: CallReservation,
    first: AttemptNeed & { readonly picos: number },
  ): Promise<void> {
    const { dice } = this.#world.scheduler;
    const rest = (ms: number): Promise<void> =>
      new Promise((resolve) => void process.schedule(ms, resolve));
    if (dice.chance(0.1)) {
      reservation.release();
      this.replica = undefined;
      return;
    }
    for (const need of dice.chance(0.4) ? [first, drawNeed(dice)] : [first]) {
      const isSent = await this.#guarded(async () => {
        await reservation.begin(MODEL, need);
        return true;
      });
      if (isSent === undefined) break;
      await rest(dice.between(20, dice.chance(0.2) ? 9_000 : 1_500));
      const share = dice.pick([0, 0.3, 1, 1, 1.5] as const);
      const used = {
        tokens: Math.round(need.tokens * share),
        picos: Math.round(need.picos * share),
      };
      this.#used.tokens += used.tokens;
      this.#used.picos += used.picos;
      reservation.end(need, used);
    }
    this.replica = undefined;
    reservation.settle(dice.chance(0.05) ? { tokens: undefined, picos: undefined } : this.#used);
  }

  #generation(need: AttemptNeed) {
    return {
      generationId: this.#id,
      isRequestOnly: false,
      model: MODEL,
      need,
      canMove: this.#canMove,
      totalMs: TOTAL_MS,
      onStandings: undefined,
    };
  }

  /** Undefined: refused. */
  async #guarded<T>(ask: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!isRefusal(error)) this.#world.violations.push(`${this.#id} failed with ${error}`);
      return undefined;
    }
  }
}
