import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Choice, chooseTests, type Effort } from "./choose-tests.ts";
import { Lane } from "./lane.ts";
import type { Mutant } from "./mutant.ts";
import { probeAround } from "./probes.ts";
import type { Repository } from "./sources.ts";
import { type MappedTest, ProbeTable, TestMap } from "./test-map.ts";
import { judge, type Verdict } from "./verdict.ts";
import { VerdictLog } from "./verdict-log.ts";

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export interface MutationOptions {
  readonly repository: Repository;
  /** Where maps and verdicts are kept. */
  readonly cache: string;
  /** Copies of the repository that work at the same time. */
  readonly jobs: number;
  readonly effort: Effort;
  readonly say: (line: string) => void;
}

/** States of the sources of which maps and verdicts are kept. */
const KEPT_STATES = 4;

/** Tests mutants in copies of a repository, which it makes when they are needed. */
export class MutationRun implements Disposable {
  readonly #options: MutationOptions;
  readonly #table: ProbeTable;
  readonly #map: TestMap;
  readonly #verdicts: VerdictLog;
  readonly #lanes: Lane[] = [];
  #folder: string | undefined;

  constructor(options: MutationOptions) {
    const { repository, cache } = options;
    const folder = join(cache, repository.key);
    mkdirSync(folder, { recursive: true });
    keepNewest(cache, repository.key);
    this.#options = options;
    this.#table = new ProbeTable(repository.sources);
    this.#map = new TestMap(repository, join(folder, "tests"), this.#table);
    this.#verdicts = new VerdictLog(join(folder, "verdicts.jsonl"));
  }

  /** What each test file executes; runs those of which that is not known. */
  async mapTests(): Promise<readonly MappedTest[]> {
    const missing = this.#map.missing();
    if (missing.length > 0) {
      for (const lane of this.#openLanes()) this.#map.prepare(lane);
      const pace = this.#pace(missing.length);
      await this.#each(missing, async (file, lane) => {
        pace(await this.#map.add(file, lane));
      });
      for (const lane of this.#lanes) lane.restore();
    }
    return this.#map.known();
  }

  /** The verdicts in the mutants' order. */
  async judgeAll(mutants: readonly Mutant[], tests: readonly MappedTest[]): Promise<Judged[]> {
    const jobs = mutants.map((mutant, index) => ({
      mutant,
      index,
      choice: this.#choose(mutant, tests),
    }));
    const verdicts = jobs.map(({ mutant, choice }) => this.#verdicts.find(mutant, choice));
    const open = jobs.filter(({ index }) => verdicts[index] === undefined);
    if (open.length > 0) this.#openLanes();
    const pace = this.#pace(open.length);
    await this.#each(open, async ({ mutant, index, choice }, lane) => {
      const verdict = await judge(mutant, this.#textOf(mutant), choice, lane);
      this.#verdicts.add(mutant, choice, verdict);
      verdicts[index] = verdict;
      pace(`${verdict.end} ${mutant.file}:${mutant.line}`);
    });
    return mutants.flatMap((mutant, index) => {
      const verdict = verdicts[index];
      return verdict === undefined ? [] : [{ mutant, verdict }];
    });
  }

  [Symbol.dispose](): void {
    for (const lane of this.#lanes) lane.remove();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #textOf({ file }: Mutant): string {
    return this.#options.repository.sources.get(file) ?? "";
  }

  #choose(mutant: Mutant, tests: readonly MappedTest[]): Choice {
    const { first, probes } = this.#table.of(mutant.file);
    const around = probeAround(probes, mutant);
    const later = probes.flatMap(({ isTop }, index) => (isTop ? [] : [first + index]));
    const isTop = probes[around]?.isTop ?? false;
    const site = { file: mutant.file, probe: first + around, isTop, later };
    return chooseTests(tests, site, this.#options.effort);
  }

  #openLanes(): readonly Lane[] {
    const { repository, jobs } = this.#options;
    this.#folder ??= mkdtempSync(join(tmpdir(), "steer-mutate-"));
    while (this.#lanes.length < jobs) {
      const folder = join(this.#folder, String(this.#lanes.length));
      this.#lanes.push(new Lane(repository.root, folder, repository.files));
    }
    return this.#lanes;
  }

  /** Each item once, as many at a time as there are lanes. */
  async #each<T>(items: readonly T[], work: (item: T, lane: Lane) => Promise<void>): Promise<void> {
    const left = items.values();
    const workThrough = async (lane: Lane): Promise<void> => {
      for (const item of left) await work(item, lane);
    };
    await Promise.all(this.#lanes.map(workThrough));
  }

  /** Says how far it is, and how long the rest takes if it is like what is done. */
  #pace(count: number): (line: string) => void {
    const startedAt = performance.now();
    let done = 0;
    return (line) => {
      done++;
      const minutes = (((performance.now() - startedAt) / done) * (count - done)) / 60_000;
      this.#options.say(`${done}/${count} ${line}; about ${minutes.toFixed(1)} min left`);
    };
  }
}

/** Who goes back to an earlier state of the sources finds what is known of it, for some states. */
function keepNewest(cache: string, key: string): void {
  const now = new Date();
  utimesSync(join(cache, key), now, now);
  const byAge = readdirSync(cache)
    .map((name) => ({ name, at: statSync(join(cache, name)).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  for (const { name } of byAge.slice(KEPT_STATES)) {
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}
