import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ImportGraph } from "./import-graph.ts";
import type { Lane } from "./lane.ts";
import { findProbes, type Probe, probedText } from "./probes.ts";
import { hashOf, kindOf, type Repository, type TestKind } from "./sources.ts";

/** What a test file executes, and how long it takes. */
export interface MappedTest {
  readonly file: string;
  /** Of its text. */
  readonly hash: string;
  /** A test that fails without a mutant says nothing of one. */
  readonly passed: boolean;
  readonly ms: number;
  /** Numbers of the probes that ran, ascending. */
  readonly ran: readonly number[];
}

/** The probes of all sources, numbered through. */
export class ProbeTable {
  readonly #byFile = new Map<
    string,
    { readonly first: number; readonly probes: readonly Probe[] }
  >();
  #count = 0;

  constructor(sources: ReadonlyMap<string, string>) {
    for (const [file, text] of sources) {
      const probes = findProbes(file, text);
      this.#byFile.set(file, { first: this.#count, probes });
      this.#count += probes.length;
    }
  }

  get count(): number {
    return this.#count;
  }

  of(file: string): { readonly first: number; readonly probes: readonly Probe[] } {
    const found = this.#byFile.get(file);
    if (found === undefined) throw new Error(`${file} has no probes`);
    return found;
  }
}

const RECORDER = ".vitest/recorder.mjs";
const RECORD = ".vitest/ran";
/** Twice what the slowest test file needs on a busy machine. */
const LIMITS = { testTimeoutMs: 120_000, totalMs: 300_000 };

function recorderText(count: number, record: string): string {
  return `import { appendFileSync } from "node:fs";
const seen = new Uint8Array(${count});
export function ran(probe) {
  if (seen[probe] === 1) return;
  seen[probe] = 1;
  appendFileSync(${JSON.stringify(record)}, probe + "\\n");
}
`;
}

/** The tests' map of one state of the repository, kept in a folder: what is there is not made again. */
export class TestMap {
  readonly #folder: string;
  readonly #repository: Repository;
  readonly #table: ProbeTable;
  readonly #imports: ImportGraph;
  /** Of the test files' texts as the lanes have them, whoever edits them meanwhile. */
  readonly #hashes: ReadonlyMap<string, string>;

  constructor(repository: Repository, folder: string, table: ProbeTable) {
    this.#repository = repository;
    this.#folder = folder;
    this.#table = table;
    const { root, tests } = repository;
    this.#imports = new ImportGraph(root);
    this.#hashes = new Map(
      tests.map((file) => [file, hashOf(readFileSync(join(root, file)))] as const),
    );
    mkdirSync(folder, { recursive: true });
  }

  /** What is known of the test files of now. */
  known(): MappedTest[] {
    const entries = new Set(readdirSync(this.#folder));
    return this.#repository.tests.flatMap((file) => {
      const name = this.#nameOf(file);
      if (!entries.has(name)) return [];
      return [JSON.parse(readFileSync(join(this.#folder, name), "utf8")) as MappedTest];
    });
  }

  /**
   * Of the tests that can execute a source, those that are not known, and those that failed: a busy machine may
   * have been the reason.
   */
  missing(kind: TestKind): string[] {
    const passed = new Set(this.known().flatMap((test) => (test.passed ? [test.file] : [])));
    const { tests, sources } = this.#repository;
    return tests.filter(
      (file) => kindOf(file) === kind && !passed.has(file) && this.#imports.canReach(file, sources),
    );
  }

  /** Makes a lane say what runs there. */
  prepare(lane: Lane): void {
    const recorder = join(lane.folder, RECORDER);
    writeFileSync(recorder, recorderText(this.#table.count, join(lane.folder, RECORD)));
    for (const [file, text] of this.#repository.sources) {
      const { first, probes } = this.#table.of(file);
      lane.write(file, probedText(text, probes, first, recorder));
    }
  }

  /** Runs a test file in a prepared lane and keeps what it executed; the result says how that went. */
  async add(file: string, lane: Lane): Promise<string> {
    const record = join(lane.folder, RECORD);
    rmSync(record, { force: true });
    const startedAt = performance.now();
    const outcome = await lane.run([file], LIMITS);
    const ms = Math.round(performance.now() - startedAt);
    const lines = existsSync(record) ? readFileSync(record, "utf8").split("\n") : [];
    const ran = [...new Set(lines.filter((line) => line !== "").map(Number))];
    const hash = this.#hashes.get(file) ?? "";
    const { passed } = outcome;
    const entry: MappedTest = { file, hash, passed, ms, ran: ran.toSorted((a, b) => a - b) };
    writeFileSync(join(this.#folder, this.#nameOf(file)), JSON.stringify(entry));
    return passed
      ? `${file} passes, ${ms} ms`
      : `${file} FAILS without a mutant, and is not used: ${outcome.by}`;
  }

  #nameOf(file: string): string {
    return `${hashOf(`${file} ${this.#hashes.get(file)}`)}.json`;
  }
}
