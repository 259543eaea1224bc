// The sums of the ledger are those of the usage records, to the trillionth.
import { expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  type UsageRow,
  UsageScope,
  UsageService,
} from "../../gen/es/steer/admin/v1/usage_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { useRedis } from "../support/redis-in-test.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { createUsageLines, type UsageLine, type UsageLines } from "../support/usage-records.ts";

const CALLS = 500;
const AT_A_TIME = 40;
const TAKEN_OVER = 10;
const TIMEOUT_MS = 240_000;

function configuration(usageFile: string): string {
  return `
providers:
  - {id: one, type: simulator}
  - {id: two, type: simulator}
models:
  - {id: m, provider: one, prices: {currency: USD, input: 0.37, output: 1.13, date: 2026-11-01}}
  - {id: m, provider: two, prices: {currency: EUR, input: 0.37, output: 2.29, date: 2026-11-01}}
  - {id: free, provider: two}
accounting:
  usage_file: "${usageFile}"
  ledger_labels: [kind] # because: the sums of a label are compared too
faults: {allow: true} # because: the simulator shall fail
hedge: {share: 1} # because: each call may have a rival, however few calls there were
stream:
  store_timeout: 5s # because: a stream that a busy machine's store does not take in time cannot be taken over
`;
}

const KINDS = ["plain", "refused", "cut", "hedged", "cancelled", "failing", "unpriced"] as const;

type Kind = (typeof KINDS)[number];

const SCRIPTS: Readonly<Record<Kind, object>> = {
  plain: { tokens: 5 },
  refused: { tokens: 3, faults: [{ attempt: 1, status: 503 }] },
  cut: { tokens: 9, faults: [{ attempt: 1, cut_after_bytes: 700 }] },
  hedged: { tokens: 4, first_token_ms: 40 },
  cancelled: { tokens: 2_000, pace_ms: 5 },
  failing: { faults: [1, 2, 3, 4, 5, 6].map((attempt) => ({ attempt, status: 400 })) },
  unpriced: { tokens: 7 },
};

function specOf(kind: Kind, index: number) {
  return {
    model: kind === "unpriced" ? "free" : "m",
    prompt: `call ${index} with ${"words ".repeat(index % 17)}`,
    labels: { kind },
    providerOptions: { simulator: SCRIPTS[kind] as never },
    ...(kind === "hedged" && {
      routing: { hedge: { delay: { seconds: 0n, nanos: 10_000_000 } } },
    }),
  };
}

async function ask(client: GrpcClient, index: number): Promise<void> {
  const kind = KINDS[index % KINDS.length] ?? "plain";
  const spec = specOf(kind, index);
  const { generate, streamGenerate } = GenerationService.method;
  if (kind === "cancelled") {
    const options = { onDisconnect: DisconnectPolicy.CANCEL };
    const call = client.stream(streamGenerate, { spec, options });
    for await (const { event } of call) {
      if (event.case === "textDelta") break;
    }
    call.cancel();
    return;
  }
  if (kind === "cut" || index % 2 === 0) {
    for await (const _event of client.stream(streamGenerate, { spec }));
    return;
  }
  await client.unary(generate, { spec });
}

/** Calls a few at a time, over all clients by turns. */
async function askAll(clients: readonly GrpcClient[]): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < CALLS) {
      const index = next++;
      const client = clients[index % clients.length];
      // Failures are a part of the test.
      if (client !== undefined) await ask(client, index).catch(() => {});
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

/** Opens a stream without an end, and answers its identifier when it has content. */
async function openEndless(client: GrpcClient): Promise<string> {
  const spec = {
    ...specOf("plain", 1),
    providerOptions: { simulator: { tokens: 100_000, pace_ms: 20 } as never },
  };
  const options = { onDisconnect: DisconnectPolicy.CONTINUE };
  let id = "";
  const call = client.stream(GenerationService.method.streamGenerate, { spec, options });
  for await (const { event } of call) {
    if (event.case === "start") id = event.value.streamId;
    if (event.case === "textDelta") break;
  }
  return id;
}

const isOf = (type: string) => (line: UsageLine) => line["type"] === type;

/** Numbers by group, of records. */
function sumLines(lines: readonly UsageLine[]): Record<string, Record<string, bigint>> {
  const sums: Record<string, Record<string, bigint>> = {};
  const add = (group: string, name: string, value: unknown): void => {
    const of = sums[group] ?? {};
    of[name] = (of[name] ?? 0n) + BigInt((value as number | undefined) ?? 0);
    sums[group] = of;
  };
  for (const line of lines) {
    const group = `${line["provider"]}/${line["model"]}`;
    add(group, "input", line["input_tokens"]);
    add(group, "output", line["output_tokens"]);
    if (line["cost_picos"] !== undefined) add(group, String(line["currency"]), line["cost_picos"]);
  }
  return sums;
}

function sumRows(rows: readonly UsageRow[]): Record<string, Record<string, bigint>> {
  const used = rows.filter(({ attempts }) => attempts > 0n);
  return Object.fromEntries(
    used.map(({ group, inputTokens, outputTokens, costs }) => [
      group.join("/"),
      {
        input: inputTokens,
        output: outputTokens,
        ...Object.fromEntries(
          costs.map(({ currencyCode, units, picos }) => [
            currencyCode,
            units * 1_000_000_000_000n + picos,
          ]),
        ),
      },
    ]),
  );
}

function startReplica(lines: UsageLines, store: string) {
  return startService({
    config: configuration(lines.path),
    env: { STEER_STREAM_STORE: store },
  });
}

const hasWritten = async (client: GrpcClient): Promise<boolean> => {
  const { lag } = await client.unary(UsageService.method.queryUsage, {});
  return lag?.seconds === 0n && lag.nanos === 0;
};

it(
  `after ${CALLS} calls with failures, hedges, cancels and takeovers at two replicas`,
  async () => {
    const redis = await useRedis();
    await using owned = new AsyncDisposableStack();
    const [linesA, linesB] = [owned.use(createUsageLines()), owned.use(createUsageLines())];
    const a = await startReplica(linesA, redis.url);
    owned.defer(() => a.stop());
    const b = await startReplica(linesB, redis.url);
    owned.defer(() => b.stop());
    const [clientA, clientB] = [createGrpcClient(a.grpc), createGrpcClient(b.grpc)];
    for (const client of [clientA, clientB]) owned.defer(() => client.close());
    await askAll([clientA, clientB]);

    const callLines = () => [...linesA.all(), ...linesB.all()].filter(isOf("call"));
    await eventually(() => callLines().length === CALLS, TIMEOUT_MS);

    const taken = await Promise.all(Array.from({ length: TAKEN_OVER }, () => openEndless(clientA)));
    // What a replica has not yet written dies with it: here it has written everything.
    await eventually(() => hasWritten(clientA));
    clientA.close();
    await a.stop();
    const takeovers = () => b.log.filter(({ event }) => event === "takeover");
    await eventually(() => takeovers().length === TAKEN_OVER, TIMEOUT_MS);
    for (const streamId of taken)
      await clientB.unary(AdminService.method.cancelStream, { streamId });
    await eventually(() => callLines().length === CALLS + TAKEN_OVER, TIMEOUT_MS);
    await eventually(() => hasWritten(clientB));

    const lines = [...linesA.all(), ...linesB.all()];
    const calls = lines.filter(isOf("call"));
    const attempts = lines.filter(isOf("attempt"));
    const query = async (groupBy: string[]) =>
      clientB.unary(UsageService.method.queryUsage, { groupBy, scope: UsageScope.ALL });
    const byTarget = await query(["provider", "model"]);
    expect(sumRows(byTarget.rows)).toEqual(sumLines(attempts));
    expect(byTarget.total).toMatchObject({
      calls: BigInt(calls.length),
      attempts: BigInt(attempts.length),
    });
    expect(byTarget.total?.hedges).toBeGreaterThan(0n);
    expect(byTarget.total?.retries).toBeGreaterThan(0n);

    const byOutcome = await query(["outcome", "label:kind"]);
    const ended = (outcome: string): number =>
      calls.filter((line) => (line["error"] ?? line["outcome"]) === outcome).length;
    const callsBy = (outcome: string): number =>
      byOutcome.rows
        .filter(({ group }) => group[0] === outcome)
        .reduce((sum, row) => sum + Number(row.calls), 0);
    expect(callsBy("succeeded")).toBe(ended("succeeded"));
    expect(callsBy("cancelled")).toBe(ended("cancelled"));
    expect(callsBy("cancelled")).toBeGreaterThan(0);
    expect(callsBy("failed")).toBe(calls.length - ended("succeeded") - ended("cancelled"));
    expect(byOutcome.total).toEqual({ ...byTarget.total, startTime: byOutcome.total?.startTime });
  },
  TIMEOUT_MS,
);
