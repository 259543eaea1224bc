// Replicas are killed while calls run, and others go on with their streams: what the ledger has is what the usage
// records say, to the trillionth, but for the calls of a killed replica's last batch. `npm run nightly -- long-tests`
// makes 10,000 calls.
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
  session_ttl: 2s # because: the run waits for the end of each killed replica's session
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

  /** Whether no stream waits for a replica that goes on with it. */
  async isTakenOver(): Promise<boolean> {
    const { listStreamStates } = AdminService.method;
    let pageToken = "";
    do {
      const query = { phases: [StreamPhase.ORPHANED], pageSize: 500, pageToken };
      const page = await this.client.unary(listStreamStates, query);
      if (page.streamStates.length > 0) return false;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return true;
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
    const begun = victim.calls.filter(({ isBegun }) => isBegun);
    await eventually(() => areRecorded(this.all, begun), TIMEOUT_MS);
    await eventually(() => this.isTakenOver());
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

const callOf = (line: UsageLine): string | undefined => labelsOf(line)["call"];

/** Whether each of these calls has a record at some replica. */
function areRecorded(replicas: readonly Replica[], calls: readonly LedgerCall[]): boolean {
  const recorded = new Set(replicas.flatMap(callLines).map(callOf));
  return calls.every(({ labels }) => recorded.has(labels["call"]));
}

/** Makes all calls, a few at a time, by turns at the living replicas. */
async function makeCalls(cluster: Cluster): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < CALLS) {
      const index = next++;
      const replica = cluster.living[index % cluster.living.length];
      if (replica === undefined) throw new Error("no replica lives");
      const call = createLedgerCall(index, replica.name);
      replica.calls.push(call);
      await makeLedgerCall(replica.client, call);
    }
  }
  async function killer(): Promise<void> {
    for (let kill = 1; kill <= KILLS; kill++) {
      await eventually(() => next >= (CALLS * kill) / (KILLS + 1), TIMEOUT_MS);
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

/** Waits for the records of all calls and for the sums of all living replicas. */
async function settle(cluster: Cluster): Promise<void> {
  await eventually(() => cluster.isTakenOver(), TIMEOUT_MS);
  const answered = cluster.all.flatMap(({ calls }) => calls).filter(({ isEnded }) => isEnded);
  await eventually(() => areRecorded(cluster.all, answered), TIMEOUT_MS);
  for (const replica of cluster.living) await eventually(() => hasWritten(replica));
}

/**
 * The records that the ledger lacks of so many calls of a replica. The ledger takes calls in the order of their
 * records, so they are the last ones that a killed replica wrote.
 */
function lostRecords(replica: Replica, missing: number): readonly UsageLine[] {
  if (missing === 0) return [];
  const { name, killedAt } = replica;
  if (killedAt === undefined) throw new Error(`the ledger lacks ${missing} calls of ${name}`);
  const lost = callLines(replica).slice(-missing);
  for (const line of lost) {
    expect(labelsOf(line)["replica"]).toBe(name);
    expect(Number(line["time_ms"])).toBeGreaterThan(killedAt - LAST_BATCH_MS);
  }
  return lost;
}

it(
  `${CALLS} calls with failures, hedges and cancels at ${REPLICAS} replicas, ${KILLS} of which are killed with streams`,
  async () => {
    const redis = await useRedis();
    await using cluster = new Cluster(redis.url);
    await Promise.all(Array.from({ length: REPLICAS }, () => cluster.start()));
    await makeCalls(cluster);
    await settle(cluster);

    // Each call has one record, wherever its replica has died.
    const lines = cluster.all.flatMap(callLines);
    expect(new Set(lines.map(callOf)).size).toBe(lines.length);

    const ledger = await ledgerOf(cluster.client);
    for (const replica of cluster.all) {
      const { name } = replica;
      const own = lines.filter((line) => labelsOf(line)["replica"] === name);
      const { calls = 0n, ...sums } = ledger.get(name) ?? {};
      const lost = new Set(lostRecords(replica, own.length - Number(calls)).map(callOf));
      const kept = own.filter((line) => !lost.has(callOf(line)));
      const expected = kept.length === 0 ? {} : totalsOf(kept);
      expect({ name, calls, ...sums }).toEqual({ name, calls: 0n, ...expected });
    }

    // The run had what it is about.
    const moved = cluster.all.flatMap(({ service }) =>
      service.log.filter(({ event, result }) => event === "takeover" && result === "taken"),
    );
    expect(moved.length).toBeGreaterThanOrEqual(KILLS);
    const totals = totalsOf(lines);
    expect(totals["attempts"]).toBeGreaterThan(totals["calls"] ?? 0n);
    for (const name of ["cancelled", "failures"]) expect(totals[name]).toBeGreaterThan(0n);
    if (!isNightly) return;
    const lostBatches = async (): Promise<bigint> =>
      (await cluster.client.unary(UsageService.method.queryUsage, {})).lostBatches;
    await eventually(async () => (await lostBatches()) === BigInt(KILLS), TIMEOUT_MS);
  },
  TIMEOUT_MS,
);
