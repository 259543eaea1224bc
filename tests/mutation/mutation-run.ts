import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Choice, chooseTests, type Effort } from "./choose-tests.ts";
import { Lane } from "./lane.ts";
import type { Mutant } from "./mutant.ts";
import { probeAround } from "./probes.ts";
import type { Repository, TestKind } from "./sources.ts";
import { type MappedTest, ProbeTable, TestMap } from "./test-map.ts";
import { bothVerdicts, judge, type Verdict } from "./verdict.ts";
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
  /** The next kind is asked about the mutants that the kind before does not notice. */
  readonly kinds: readonly TestKind[];
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

  /** In the mutants' order. A kind of tests is mapped when a mutant is left for it. */
  async judgeAll(mutants: readonly Mutant[]): Promise<Judged[]> {
    let judged: Judged[] = mutants.map((mutant) => ({ mutant, verdict: { end: "unreached" } }));
    for (const kind of this.#options.kinds) {
      const left = judged.filter(({ verdict }) => verdict.end !== "killed");
      const verdicts = await this.#judge(left, kind);
      judged = judged.map((one) => {
        const verdict = verdicts.get(one.mutant);
        return verdict === undefined
          ? one
          : { ...one, verdict: bothVerdicts(one.verdict, verdict) };
      });
    }
    return judged;
  }

  async #judge(left: readonly Judged[], kind: TestKind): Promise<ReadonlyMap<Mutant, Verdict>> {
    const verdicts = new Map<Mutant, Verdict>();
    if (left.length === 0) return verdicts;
    const tests = await this.#mapTests(kind);
    const chosen = left.map(({ mutant }) => ({
      mutant,
      choice: this.#choose(mutant, tests, kind),
    }));
    const open = chosen.filter(({ mutant, choice }) => {
      const verdict = this.#verdicts.find(mutant, kind, choice);
      if (verdict !== undefined) verdicts.set(mutant, verdict);
      return verdict === undefined;
    });
    const pace = this.#pace(open.length);
    await this.#each(open, async ({ mutant, choice }, lane) => {
      const verdict = await judge(mutant, this.#textOf(mutant), choice, lane);
      this.#verdicts.add(mutant, kind, choice, verdict);
      verdicts.set(mutant, verdict);
      pace(`${verdict.end} ${mutant.file}:${mutant.line}`);
    });
    return verdicts;
  }

  /** What each test file of a kind executes; runs those of which that is not known. */
  async #mapTests(kind: TestKind): Promise<readonly MappedTest[]> {
    const missing = this.#map.missing(kind);
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

  [Symbol.dispose](): void {
    for (const lane of this.#lanes) lane.remove();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #textOf({ file }: Mutant): string {
    return this.#options.repository.sources.get(file) ?? "";
  }

  #choose(mutant: Mutant, tests: readonly MappedTest[], kind: TestKind): Choice {
    const { first, probes } = this.#table.of(mutant.file);
    const around = probeAround(probes, mutant);
    const later = probes.flatMap(({ isTop }, index) => (isTop ? [] : [first + index]));
    const isTop = probes[around]?.isTop ?? false;
    const site = { file: mutant.file, probe: first + around, isTop, later };
    return chooseTests(tests, site, kind, this.#options.effort);
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
    if (items.length === 0) return;
    const left = items.values();
    const workThrough = async (lane: Lane): Promise<void> => {
      for (const item of left) await work(item, lane);
    };
    await Promise.all(this.#openLanes().map(workThrough));
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
