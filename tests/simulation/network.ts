// The network between simulated replicas and their store: it delays, loses and repeats.
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import type { Scheduler, SimulatedProcess } from "./scheduler.ts";

/** A client of the store waits for so long. */
const CLIENT_TIMEOUT_MS = 1_000;

interface Outage {
  readonly until: number;
  /** Undefined: of every replica. */
  readonly process: SimulatedProcess | undefined;
  /** Refused at once; or lost on the way there, or on the way back. */
  readonly kind: "refused" | "requests" | "replies";
}

export class Network {
  readonly #scheduler: Scheduler;
  /** The process of the store. */
  readonly #host: SimulatedProcess;
  /** When the latest call of a process arrives. Undefined: calls can overtake one another. */
  readonly #arrivals: Map<SimulatedProcess, number> | undefined;
  #outages: Outage[] = [];
  /** Share of calls that are slow, of pushes that are lost, of appends that come twice. */
  disorder = 0;

  /** `isOrdered`: the calls of a process arrive in their order, as over one connection. */
  constructor(scheduler: Scheduler, host: SimulatedProcess, isOrdered = false) {
    this.#scheduler = scheduler;
    this.#host = host;
    if (isOrdered) this.#arrivals = new Map();
  }

  fail(outage: Outage): void {
    this.#outages.push(outage);
  }

  heal(): void {
    this.#outages = [];
    this.disorder = 0;
  }

  outageOf(process: SimulatedProcess): Outage["kind"] | undefined {
    const { now } = this.#scheduler;
    const hit = this.#outages.find(
      (outage) =>
        outage.until > now && (outage.process === undefined || outage.process === process),
    );
    return hit?.kind;
  }

  latency(): number {
    const { dice } = this.#scheduler;
    if (dice.chance(this.disorder)) return dice.between(20, 1_500);
    return dice.between(0.1, 2);
  }

  #untilArrival(process: SimulatedProcess): number {
    const { now } = this.#scheduler;
    const at = Math.max(now + this.latency(), (this.#arrivals?.get(process) ?? 0) + 0.001);
    this.#arrivals?.set(process, at);
    return at - now;
  }

  /** One call over the network. `step`: what the store does. */
  call<T>(process: SimulatedProcess, step: () => T | Promise<T>): Promise<T> {
    const { dice } = this.#scheduler;
    return new Promise<T>((resolve, reject) => {
      if (process.state === "dead") return;
      const outage = this.outageOf(process);
      const lost = (outcome: "unknown" | "not-applied"): void =>
        reject(new StoreUnavailable(outcome, "the simulated store is away"));
      if (outage === "refused") return void process.schedule(1, () => lost("not-applied"));
      const stop = process.schedule(CLIENT_TIMEOUT_MS, () => lost("unknown"));
      if (outage === "requests") return;
      this.#host.schedule(this.#untilArrival(process), () => {
        void Promise.resolve(step()).then((answer) => {
          if (this.outageOf(process) !== undefined || dice.chance(this.disorder / 4)) return;
          process.schedule(this.latency(), () => {
            stop();
            resolve(answer);
          });
        });
      });
    });
  }
}
