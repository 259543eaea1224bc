// Replicas are killed while calls run, and others go on with their streams: what the ledger has is what the usage
// records say, to the trillionth, but for the calls of a killed replica's last batch. `npm run nightly -- long-tests`
// makes 10,000 calls.
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { AdminService, StreamPhase } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  type UsageRow,
  UsageScope,
  UsageService,
} from "../../gen/es/steer/admin/v1/usage_service_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { isNightly } from "../support/nightly.ts";
import { useRedis } from "../support/redis-in-test.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { createUsageLines, type UsageLine, type UsageLines } from "../support/usage-records.ts";
import { createLedgerCall, type LedgerCall, makeLedgerCall } from "./kinds/ledger-calls.ts";
import { lostRecords } from "./kinds/lost-records.ts";

const CALLS = isNightly ? 10_000 : 400;
const KILLS = isNightly ? 12 : 2;
const REPLICAS = 3;
const AT_A_TIME = 30;
const TIMEOUT_MS = isNightly ? 1_800_000 : 240_000;
/** A batch is written after 250 ms; a busy machine can be late with it. */
const LAST_BATCH_MS = 10_000;

const configuration = (usageFile: string, store: string): string => `
providers:
  - {id: one, type: simulator}
  - {id: two, type: simulator}
models:
  - {id: m, provider: one, prices: {currency: USD, input: 0.37, output: 1.13, date: 2026-11-01}}
  - {id: m, provider: two, prices: {currency: USD, input: 0.37, output: 2.29, date: 2026-11-01}}
accounting:
  usage_file: "${usageFile}"
  ledger_labels: [replica] # because: the calls of a killed replica are compared apart
faults: {allow: true} # because: the simulator shall fail
hedge: {share: 1} # because: each call may have a rival, however few calls there were
stream:
  store: "${store}"
  store_timeout: 5s # because: a busy machine is no store that is away
`;

/** One life of a replica. */
interface Replica {
  readonly name: string;
  readonly lines: UsageLines;
  readonly service: ServiceProcess;
  readonly client: GrpcClient;
  readonly calls: LedgerCall[];
  /** Time of its `kill -9`. */
  killedAt?: number;
}

class Cluster implements AsyncDisposable {
  readonly #store: string;
  readonly all: Replica[] = [];

  constructor(store: string) {
    this.#store = store;
  }

  get living(): readonly Replica[] {
    return this.all.filter(({ killedAt }) => killedAt === undefined);
  }

  async start(): Promise<void> {
    const lines = createUsageLines();
    const service = await startService({ config: configuration(lines.path, this.#store) });
    const name = `r${this.all.length}`;
    this.all.push({ name, lines, service, client: createGrpcClient(service.grpc), calls: [] });
  }

  /** The client of a replica that lives. */
  get client(): GrpcClient {
    const { client } = this.living[0] ?? {};
    if (client === undefined) throw new Error("no replica lives");
    return client;
  }

  /** Whether a stream is in one of these phases. */
  async #hasStream(phases: readonly StreamPhase[]): Promise<boolean> {
    const { listStreamStates } = AdminService.method;
    let pageToken = "";
    do {
      const query = { phases: [...phases], pageSize: 500, pageToken };
      const page = await this.client.unary(listStreamStates, query);
      if (page.streamStates.length > 0) return true;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return false;
  }

  /** Kills the oldest replica while it streams, and starts the next one. */
  async replaceOldest(): Promise<void> {
    const victim = this.living[0];
    if (victim === undefined) throw new Error("no replica lives");
    await eventually(() => victim.calls.filter(({ isRunning }) => isRunning).length > 2);
    victim.killedAt = Date.now();
    await victim.service.stop();
    victim.client.close();
    await this.start();
    await eventually(async () => !(await this.#hasStream([StreamPhase.ORPHANED])), TIMEOUT_MS);
    await this.#settle(victim.calls.filter(({ streamId }) => streamId !== ""));
  }

  /** Waits until all calls have ended, wherever: those of lost replicas too. */
  async settle(): Promise<void> {
    const { PENDING, RUNNING, ORPHANED } = StreamPhase;
    const open = [PENDING, RUNNING, ORPHANED];
    await eventually(async () => !(await this.#hasStream(open)), TIMEOUT_MS);
    await this.#settle(this.all.flatMap(({ calls }) => calls).filter(({ isEnded }) => isEnded));
  }

  async #settle(calls: readonly LedgerCall[]): Promise<void> {
    await eventually(async () => {
      const left = unrecorded(this.all, calls);
      return (await Promise.all(left.map((call) => this.#hasEnded(call)))).every(Boolean);
    }, TIMEOUT_MS);
  }

  /** A replica can die after it has told the end of a call, and before the system has the line of its record. */
  async #hasEnded({ streamId, labels }: LedgerCall): Promise<boolean> {
    if (streamId === "") return this.living.every(({ name }) => name !== labels["replica"]);
    const { getStreamState } = AdminService.method;
    const { streamState } = await this.client.unary(getStreamState, { streamId });
    return streamState?.endTime !== undefined;
  }

  async [Symbol.asyncDispose]() {
    for (const { client, service, lines } of this.all) {
      client.close();
      await service.stop();
      lines[Symbol.dispose]();
    }
  }
}

const callLines = ({ lines }: Replica): readonly UsageLine[] =>
  lines.all().filter(({ type }) => type === "call");

const labelsOf = (line: UsageLine) => line["labels"] as Readonly<Record<string, string>>;

/** A record, which a call can have at two replicas. */
const idOf = (line: UsageLine): string => `${line["generation_id"]} ${line["time_ms"]}`;

const callOf = (line: UsageLine): string | undefined => labelsOf(line)["call"];

/** Those of the calls that have a record at no replica. */
function unrecorded(
  replicas: readonly Replica[],
  calls: readonly LedgerCall[],
): readonly LedgerCall[] {
  const recorded = new Set(replicas.flatMap(callLines).map(callOf));
  return calls.filter(({ labels }) => !recorded.has(labels["call"]));
}

/** Makes calls, a few at a time, by turns at the living replicas, until there are enough and all kills are over. */
async function makeCalls(cluster: Cluster): Promise<void> {
  let next = 0;
  let kills = 0;
  async function worker(): Promise<void> {
    while (next < CALLS || kills < KILLS) {
      const index = next++;
      const replica = cluster.living[index % cluster.living.length];
      if (replica === undefined) throw new Error("no replica lives");
      const call = createLedgerCall(index, replica.name);
      replica.calls.push(call);
      await makeLedgerCall(replica.client, call);
    }
  }
  async function killer(): Promise<void> {
    for (; kills < KILLS; kills++) {
      await eventually(() => next >= (CALLS * (kills + 1)) / (KILLS + 1), TIMEOUT_MS);
      await cluster.replaceOldest();
    }
  }
  await Promise.all([killer(), ...Array.from({ length: AT_A_TIME }, worker)]);
}

type Totals = Readonly<Record<string, bigint>>;

function add(to: Record<string, bigint>, more: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(more)) {
    to[name] = (to[name] ?? 0n) + BigInt((value as number | bigint | undefined) ?? 0);
  }
}

/** What call records sum up to. */
function totalsOf(lines: readonly UsageLine[]): Totals {
  const totals: Record<string, bigint> = {};
  for (const line of lines) {
    const isCancelled = line["error"] === "cancelled";
    add(totals, {
      calls: 1,
      cancelled: Number(isCancelled),
      failures: Number(line["outcome"] === "failed" && !isCancelled),
      attempts: line["attempts"],
      input: line["input_tokens"],
      output: line["output_tokens"],
      picos: line["cost_picos"],
    });
  }
  return totals;
}

/** The same of the ledger's rows. */
function totalsOfRow({ costs, ...row }: UsageRow): Totals {
  const { calls, cancelled, failures, attempts, inputTokens: input, outputTokens: output } = row;
  const picos = costs.reduce((sum, cost) => sum + cost.units * 10n ** 12n + cost.picos, 0n);
  return { calls, cancelled, failures, attempts, input, output, picos };
}

async function ledgerOf(client: GrpcClient): Promise<ReadonlyMap<string, Totals>> {
  const { rows } = await client.unary(UsageService.method.queryUsage, {
    groupBy: ["label:replica"],
    scope: UsageScope.ALL,
  });
  return new Map(rows.map((row) => [row.group[0] ?? "", totalsOfRow(row)]));
}

async function hasWritten({ client }: Replica): Promise<boolean> {
  const { lag } = await client.unary(UsageService.method.queryUsage, {});
  return lag?.seconds === 0n && lag.nanos === 0;
}

/** The sums of records, none of them by nothing. */
const sumOf = (lines: readonly UsageLine[]): Totals => (lines.length === 0 ? {} : totalsOf(lines));

/**
 * The sums of the calls that were made at a replica, without the last records of killed replicas that the ledger
 * lacks: those that make the sums equal.
 */
function expectedSums(
  cluster: Cluster,
  name: string,
  own: readonly UsageLine[],
  ledger: Totals,
): Totals {
  const missing = own.length - Number(ledger["calls"] ?? 0);
  const files = cluster.all.flatMap((replica) => {
    const { killedAt } = replica;
    if (killedAt === undefined) return [];
    const isLast = (line: UsageLine): boolean => Number(line["time_ms"]) > killedAt - LAST_BATCH_MS;
    return [
      callLines(replica).filter((line) => labelsOf(line)["replica"] === name && isLast(line)),
    ];
  });
  let sums: Totals = sumOf(own);
  for (const lost of lostRecords(files, missing)) {
    const ids = new Set(lost.map(idOf));
    sums = sumOf(own.filter((line) => !ids.has(idOf(line))));
    if (isDeepStrictEqual(sums, ledger)) break;
  }
  return sums;
}

it(
  `${CALLS} calls with failures, hedges and cancels at ${REPLICAS} replicas, ${KILLS} of which are killed with streams`,
  async () => {
    const redis = await useRedis();
    await using cluster = new Cluster(redis.url);
    await Promise.all(Array.from({ length: REPLICAS }, () => cluster.start()));
    await makeCalls(cluster);
    await cluster.settle();
    for (const replica of cluster.living) await eventually(() => hasWritten(replica));

    const ledger = await ledgerOf(cluster.client);
    const inLedger = (name: string): number => Number(ledger.get(name)?.["calls"] ?? 0);
    const recordsOf = (name: string) =>
      cluster.all.flatMap(callLines).filter((line) => labelsOf(line)["replica"] === name);
    // The system can be late with a file.
    for (const { name } of cluster.all) {
      await eventually(() => recordsOf(name).length >= inLedger(name));
    }
    const lines = cluster.all.flatMap(({ name }) => recordsOf(name));
    for (const { name } of cluster.all) {
      const sums = ledger.get(name) ?? {};
      expect({ name, ...sums }).toEqual({
        name,
        ...expectedSums(cluster, name, recordsOf(name), sums),
      });
    }

    // A call has one record, unless its owner had ended it and could not store its end.
    const takeovers = cluster.all.flatMap(({ service }) =>
      service.log.filter(({ event }) => event === "takeover"),
    );
    const seen = new Set<unknown>();
    const again = lines.filter((line) => seen.size === seen.add(line["generation_id"]).size);
    const moved = new Set<unknown>(takeovers.map((line) => line["stream_id"]));
    const calls = cluster.all.flatMap((replica) => replica.calls);
    const streamOf = new Map(calls.map(({ labels, streamId }) => [labels["call"], streamId]));
    for (const line of again) {
      const streamId = streamOf.get(callOf(line));
      // A call that is not streamed does not know its stream.
      if (streamId !== "") expect(moved).toContain(streamId);
    }
    const killed = cluster.all.filter(({ killedAt }) => killedAt !== undefined);
    for (const { labels } of unrecorded(cluster.all, calls)) {
      expect(killed.map(({ name }) => name)).toContain(labels["replica"]);
    }

    // The run had what it is about.
    const taken = takeovers.filter(({ result }) => result === "taken");
    expect(taken.length).toBeGreaterThanOrEqual(KILLS);
    const totals = totalsOf(lines);
    expect(totals["attempts"]).toBeGreaterThan(totals["calls"] ?? 0n);
    for (const name of ["cancelled", "failures"]) expect(totals[name]).toBeGreaterThan(0n);
    if (!isNightly) return; // The end of a replica's session is told after a minute.
    const lostBatches = async (): Promise<bigint> =>
      (await cluster.client.unary(UsageService.method.queryUsage, {})).lostBatches;
    await eventually(async () => (await lostBatches()) === BigInt(KILLS), TIMEOUT_MS);
  },
  TIMEOUT_MS,
);
