import { type ActivitySample, REMEMBERED_SECONDS } from "../domain/activity.ts";
import type { ActivitySource } from "./activity-feed.ts";
import { ReplicaClocks } from "./replica-clocks.ts";
import type { SharedActivity } from "./shared-activity.ts";
import { sumSamples } from "./sum-samples.ts";

/** Seconds until the samples of the other replicas have arrived: each writes once a second, and is read as often. */
const LAG = 2;

export interface ClusterActivityOptions {
  readonly own: ActivitySource;
  readonly replica: string;
  /** What the other replicas tell. */
  readonly others: () => Promise<readonly SharedActivity[]>;
}

/** The seconds of all replicas together. Seconds in which nobody watched have this replica alone. */
export class ClusterActivity implements ActivitySource {
  readonly #options: ClusterActivityOptions;
  readonly #clocks = new ReplicaClocks();
  /** Samples of other replicas by second and replica, until the second is joined. */
  readonly #arrived = new Map<number, Map<string, ActivitySample>>();
  /** Sums of at least two replicas, rising seconds. */
  readonly #joined = new Map<number, ActivitySample>();
  #last: number;
  #replicas: readonly string[];
  #isReading = false;

  constructor(options: ClusterActivityOptions) {
    this.#options = options;
    this.#last = options.own.last - LAG;
    this.#replicas = [options.replica];
  }

  get last(): number {
    return this.#last;
  }

  get replicas(): readonly string[] {
    return this.#replicas;
  }

  after(second: number): readonly ActivitySample[] {
    const samples = new Map<number, ActivitySample>();
    for (const own of this.#options.own.after(second)) samples.set(own.second, own);
    for (const [each, joined] of this.#joined) if (each > second) samples.set(each, joined);
    return [...samples.values()]
      .filter((sample) => sample.second <= this.#last)
      .sort((a, b) => a.second - b.second);
  }

  /** Passes over the last second without other replicas, because nobody watches. */
  pass(): void {
    this.#arrived.clear();
    this.#replicas = [this.#options.replica];
    this.#moveTo(this.#options.own.last - LAG);
  }

  /** Joins the seconds that have ended. False: the store has not answered the last call of this function. */
  async join(): Promise<boolean> {
    if (this.#isReading) return false;
    this.#isReading = true;
    const others = await this.#options.others().finally(() => {
      this.#isReading = false;
    });
    const { own } = this.#options;
    for (const { replica, samples } of others) this.#arrive(replica, samples);
    this.#clocks.keep(others.map(({ replica }) => replica));
    for (let second = this.#last + 1; second <= own.last - LAG; second++) this.#join(second);
    this.#moveTo(own.last - LAG);
    return true;
  }

  #arrive(replica: string, samples: readonly ActivitySample[]): void {
    const newest = samples.at(-1);
    if (newest === undefined) return;
    const { own } = this.#options;
    const lead = this.#clocks.leadOf(replica, newest.second, own.last);
    for (const sample of samples) {
      const second = sample.second - lead;
      if (second <= this.#last || second > own.last + 1) continue;
      const arrived = this.#arrived.get(second) ?? new Map<string, ActivitySample>();
      arrived.set(replica, sample);
      this.#arrived.set(second, arrived);
    }
  }

  #join(second: number): void {
    const { own, replica } = this.#options;
    const arrived = this.#arrived.get(second) ?? new Map<string, ActivitySample>();
    this.#arrived.delete(second);
    const mine = own.after(second - 1).find((sample) => sample.second === second);
    const samples = mine === undefined ? [...arrived.values()] : [mine, ...arrived.values()];
    this.#replicas = [...(mine === undefined ? [] : [replica]), ...arrived.keys()].sort();
    if (arrived.size > 0) this.#joined.set(second, sumSamples(second, samples));
  }

  #moveTo(last: number): void {
    this.#last = last;
    for (const second of this.#joined.keys()) {
      if (second <= last - REMEMBERED_SECONDS || second > last) this.#joined.delete(second);
    }
  }
}
