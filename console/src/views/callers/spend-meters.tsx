import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type SpendLimit, SpendPeriod } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import {
  UsageInterval,
  type UsageRow,
  UsageScope,
} from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { usage } from "../../api.ts";
import { formatShare } from "../../parts/formats.ts";
import { formatMoney } from "../../parts/money.ts";
import { Notice } from "../../parts/notice.tsx";
import { usePoll } from "../../use-poll.ts";
import { moneyText, periodWord } from "./limit-text.ts";

const EVERY_MS = 15_000;
const PICOS = 1_000_000_000_000n;
/** Share of a limit from which on its meter warns. */
const NEAR = 0.8;

/** Beginning of the running period, in UTC; undefined for the period without one. */
function beginOf(period: SpendPeriod, nowMs: number): number | undefined {
  const now = new Date(nowMs);
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  if (period === SpendPeriod.HOUR) return Date.UTC(year, month, day, now.getUTCHours());
  if (period === SpendPeriod.DAY) return Date.UTC(year, month, day);
  if (period === SpendPeriod.MONTH) return Date.UTC(year, month);
  return undefined;
}

async function askSpent(dimension: string, id: string, fromMs: number, signal: AbortSignal) {
  const { total } = await usage.queryUsage(
    {
      from: timestampFromMs(fromMs),
      interval: UsageInterval.NONE,
      filters: [{ dimension, values: [id] }],
      scope: UsageScope.ALL,
    },
    { signal },
  );
  return total;
}

function Meter({ limit, spent }: { limit: SpendLimit; spent: UsageRow | undefined }) {
  const { currencyCode, picos, period } = limit;
  const cost = spent?.costs.find((each) => each.currencyCode === currencyCode);
  const amount = { currencyCode, units: cost?.units ?? 0n, picos: cost?.picos ?? 0n };
  const share = Number(amount.units * PICOS + amount.picos) / Number(picos);
  const word = share >= 1 ? "used up" : share >= NEAR ? "near the limit" : "used";
  const label = `${moneyText(currencyCode, picos)} a ${periodWord(period)}`;
  return (
    <div class="meter">
      <span>{label}</span>
      <meter
        min={0}
        max={1}
        high={NEAR}
        optimum={0}
        value={Math.min(share, 1)}
        aria-label={label}
      />
      <span>
        {formatMoney([amount])} of this {periodWord(period)} (UTC), {formatShare(share)} {word}
      </span>
    </div>
  );
}

export interface SpendMetersProps {
  /** `caller` or `group`. */
  readonly dimension: "caller" | "group";
  readonly id: string;
  readonly limits: readonly SpendLimit[];
}

/** How full the limits on money are, by the ledger. Money that running calls have reserved is not in it yet. */
export function SpendMeters({ dimension, id, limits }: SpendMetersProps) {
  const periods = limits.filter(({ period }) => beginOf(period, 0) !== undefined);
  const { data, failure } = usePoll(
    (signal) =>
      Promise.all(
        periods.map(({ period }) => {
          const nowMs = Date.now();
          return askSpent(dimension, id, beginOf(period, nowMs) ?? nowMs, signal);
        }),
      ),
    EVERY_MS,
    `${dimension} ${id} ${periods.map(({ period }) => period).join()}`,
  );
  if (periods.length === 0) return null;
  return (
    <>
      {failure !== undefined && <Notice kind="error">{failure.text}</Notice>}
      {data !== undefined &&
        periods.map((limit, index) => (
          <Meter key={`${limit.period} ${limit.currencyCode}`} limit={limit} spent={data[index]} />
        ))}
    </>
  );
}
