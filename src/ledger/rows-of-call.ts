// The rows that one call adds to.
import type { Attempt, AttemptTrigger } from "../domain/generation.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { UsageRecord } from "../usage/usage-sink.ts";
import type { RowKey } from "./row-key.ts";
import { addPicos, addTime, addTo, type Counter, createSums, type Sums } from "./sums.ts";

export type CallRecord = Extract<UsageRecord, { readonly type: "call" }>;

export interface CallRow {
  readonly key: RowKey;
  readonly sums: Sums;
}

const TRIGGERS: Partial<Readonly<Record<AttemptTrigger, Counter>>> = {
  retry: "retries",
  failover: "failovers",
  hedge: "hedges",
};

function addTokens(sums: Sums, usage: TokenUsage): void {
  addTo(sums, "inputTokens", usage.inputTokens);
  addTo(sums, "outputTokens", usage.outputTokens);
  addTo(sums, "cacheReadTokens", usage.cacheReadTokens ?? 0);
  addTo(sums, "cacheWriteTokens", usage.cacheWriteTokens ?? 0);
  addTo(sums, "cacheWriteLongTokens", usage.cacheWriteLongTokens ?? 0);
  addTo(sums, "reasoningTokens", usage.reasoningTokens ?? 0);
  if (usage.source === "provider") return;
  addTo(sums, "estimatedInputTokens", usage.inputTokens);
  addTo(sums, "estimatedOutputTokens", usage.outputTokens);
}

function addAttempt(sums: Sums, { trigger, usage, cost }: Attempt): void {
  addTo(sums, "attempts", 1);
  const counter = TRIGGERS[trigger];
  if (counter !== undefined) addTo(sums, counter, 1);
  if (usage !== undefined) addTokens(sums, usage);
  if (cost !== undefined) addPicos(sums, cost.totalPicos);
  else if (usage !== undefined) addTo(sums, "unpricedAttempts", 1);
}

function outcomeOf({ state, errorKind }: CallRecord): string {
  return errorKind === "cancelled" ? "cancelled" : state;
}

function addCall(sums: Sums, record: CallRecord): void {
  addTo(sums, "calls", 1);
  const outcome = outcomeOf(record);
  if (outcome === "failed") addTo(sums, "failures", 1);
  if (outcome === "cancelled") addTo(sums, "cancelled", 1);
  const { timeToFirstTokenMs } = record.generation.timing;
  if (timeToFirstTokenMs !== undefined) addTime(sums, timeToFirstTokenMs);
}

/**
 * One row for each target and currency; the call itself counts where the call ended. `labels`: the names that have
 * rows of their own.
 */
export function rowsOfCall(
  record: CallRecord,
  group: string,
  labels: readonly string[],
): readonly CallRow[] {
  const { caller, generation } = record;
  const outcome = outcomeOf(record);
  const rows: CallRow[] = [];

  function rowOf(provider: string, model: string, currency: string | undefined): Sums {
    const found = rows.find(
      ({ key }) =>
        key.provider === provider &&
        key.model === model &&
        (currency === undefined || key.currency === currency),
    );
    if (found !== undefined) return found.sums;
    const target = { model, provider, outcome, currency: currency ?? "" };
    const key = { caller, group, ...target, label: "", value: "" };
    const row = { key, sums: createSums() };
    rows.push(row);
    return row.sums;
  }

  for (const attempt of generation.attempts) {
    if (attempt.outcome === "skipped") continue;
    const { provider, model, cost } = attempt;
    addAttempt(rowOf(provider, model, cost?.currency ?? ""), attempt);
  }
  const model = generation.model === "" ? generation.requestedModel : generation.model;
  addCall(rowOf(generation.provider, model, undefined), record);
  const ofLabels = labels.flatMap((label) => {
    const value = record.labels[label] ?? "";
    return rows.map(({ key, sums }) => ({ key: { ...key, label, value }, sums }));
  });
  return [...rows, ...ofLabels];
}
