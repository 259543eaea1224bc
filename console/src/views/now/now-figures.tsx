import type { WatchActivityResponse } from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { Badge } from "../../parts/badge.tsx";
import { Figure } from "../../parts/figure.tsx";
import {
  formatCount,
  formatMs,
  formatRate,
  formatShare,
  formatShort,
  UNKNOWN,
} from "../../parts/formats.ts";
import { type Amount, sumMoney } from "../../parts/money.ts";
import { MoneyText } from "../../parts/money-text.tsx";
import { When } from "../../parts/when.tsx";
import { hrefOf } from "../../router.ts";
import { percentile, sumLast } from "./activity-sums.ts";
import type { Activity } from "./use-activity.ts";

/** Figures are of the last minute: a second is too short for most of them. */
const MINUTE = 60;
const HOUR = 3_600n;

function StoreState({ store }: Pick<WatchActivityResponse, "store">) {
  if (store === undefined) return <Badge kind="quiet">unknown</Badge>;
  return (
    <Badge kind={store.available ? "good" : "bad"}>{store.available ? "available" : "away"}</Badge>
  );
}

function storeNote({ store }: Pick<WatchActivityResponse, "store">) {
  if (store === undefined || store.available) return store?.type;
  const code = store.code === "" ? "" : ` (${store.code})`;
  return (
    <>
      {store.type}: {store.cause}
      {code}, since <When at={store.unavailableTime} absolute />
    </>
  );
}

/** The cost of an hour at the pace of these seconds. */
function hourly(costs: readonly Amount[], seconds: number): Amount[] {
  const picos = 1_000_000_000_000n;
  return sumMoney(
    costs.map((cost) => {
      const total = ((cost.units * picos + cost.picos) * HOUR) / BigInt(Math.max(seconds, 1));
      return { currencyCode: cost.currencyCode, units: total / picos, picos: total % picos };
    }),
  );
}

export function NowFigures({ activity: { samples, bounds, last } }: { activity: Activity }) {
  if (last === undefined) return null;
  const sum = sumLast(samples, MINUTE);
  const seconds = Math.max(sum.seconds, 1);
  const of = sum.seconds < MINUTE ? `of ${formatMs(sum.seconds * 1_000)}` : "of the last minute";
  const replicas = last.replicas.length;
  const share = sum.calls === 0 ? 0 : sum.failures / sum.calls;
  return (
    <dl class="figures">
      <Figure label="Calls a second" href={hrefOf("calls")} note={of}>
        {formatRate(sum.calls / seconds)}
      </Figure>
      <Figure label="Running generations" href={hrefOf("streams")} note="now">
        {formatCount(sum.runningGenerations)}
      </Figure>
      <Figure
        label="Failures"
        href={hrefOf("calls", "", { failed: "1" })}
        note={`${formatCount(sum.failures)} of ${formatCount(sum.calls)} calls`}
      >
        {formatShare(share)}
      </Figure>
      <Figure label="First token, p50" href={hrefOf("targets")} note={of}>
        {formatMs(percentile(sum.firstTokenCounts, bounds, 0.5))}
      </Figure>
      <Figure label="First token, p95" href={hrefOf("targets")} note={of}>
        {formatMs(percentile(sum.firstTokenCounts, bounds, 0.95))}
      </Figure>
      <Figure
        label="Output tokens a second"
        note={`and ${formatShort(sum.inputTokens / seconds)} of prompts`}
      >
        {formatShort(sum.outputTokens / seconds)}
      </Figure>
      <Figure label="Cost an hour" href={hrefOf("usage")} note="at the last minute's pace">
        {sum.costs.length === 0 ? UNKNOWN : <MoneyText amounts={hourly(sum.costs, seconds)} />}
      </Figure>
      <Figure label="Event-loop delay" note={`longest ${of}`}>
        {formatMs(sum.delayMs)}
      </Figure>
      <Figure label="Stream store" note={storeNote(last)}>
        <StoreState store={last.store} />
      </Figure>
      <Figure label="Replicas" note={last.replicas.join(", ")}>
        {formatCount(replicas)}
      </Figure>
    </dl>
  );
}
