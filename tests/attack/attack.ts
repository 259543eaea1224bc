// What an attack is, for the process that makes it and for the one that watches the gateway.

/** Where an attack goes. */
export interface Target {
  /** `host:port` of the gRPC port. */
  readonly grpc: string;
  /** `http://host:port` of the HTTP port. */
  readonly http: string;
  /** The attacker's own key, as the value of `authorization`. */
  readonly authorization: string;
}

/** What became of what an attacker has sent. */
export interface Tally {
  readonly sent: number;
  /** How many ended so: a name of google.rpc.Code, `reset`, `closed`, and the like. */
  readonly ends: Readonly<Record<string, number>>;
}

/** How long attacks go on: some seconds, a third of them, or ten times as long. */
export type Length = "short" | "usual" | "long";

/** One run of an attack: its loops end when it is over, and count what they send. */
export class AttackRun {
  readonly target: Target;
  readonly length: Length;
  #until: number;
  readonly #ends: Record<string, number> = {};
  #sent = 0;

  constructor(target: Target, seconds: number, length: Length) {
    this.target = target;
    this.length = length;
    this.#until = performance.now() + 1_000 * seconds;
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Milliseconds until the run is over. */
  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** Ends the run before its time: nothing is left to send. */
  finish(): void {
    this.#until = Math.min(this.#until, performance.now());
  }

  count(sent = 1): void {
    this.#sent += sent;
  }

  end(how: string): void {
    this.#ends[how] = (this.#ends[how] ?? 0) + 1;
  }

  get tally(): Tally {
    return { sent: this.#sent, ends: this.#ends };
  }
}

export interface Attack {
  readonly name: string;
  /** The field cases that it is of. */
  readonly cases: readonly string[];
  readonly about: string;
  /** How long it goes on at most: short, and by `--long`. */
  readonly seconds: number;
  readonly longSeconds?: number;
  /** `open`: the gateway has no callers, as at the first start. Unset: it has. */
  readonly gateway?: "callers" | "open";
  /** How much resident memory may grow. Unset: by 64 MiB. */
  readonly maxGrowthMiB?: number;
  /** What a call of another caller may cost behind the attack, in units of what it cost before. */
  readonly maxCostRatio?: number;
  /** Why it cannot be made on this machine; undefined: it can. */
  readonly skipped?: () => string | undefined;
  /** Makes what it sends, which takes no part in what is measured. */
  readonly prepare: (target: Target) => (run: AttackRun) => Promise<void>;
  /** What is wrong with the ends; undefined: nothing. */
  readonly wrong?: (tally: Tally) => string | undefined;
}

/** For attacks whose requests all end in one of these ways. */
export function onlyEnds(...allowed: readonly string[]): (tally: Tally) => string | undefined {
  return ({ ends }) => {
    const others = Object.entries(ends).filter(([how]) => !allowed.includes(how));
    if (others.length > 0) return `ended otherwise: ${JSON.stringify(Object.fromEntries(others))}`;
    return Object.keys(ends).length === 0 ? "nothing has ended" : undefined;
  };
}

/** `count` loops at once. */
export async function together(count: number, loop: (index: number) => Promise<void>) {
  await Promise.all(Array.from({ length: count }, (_, index) => loop(index)));
}
