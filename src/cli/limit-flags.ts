// Limits of callers and groups on the command line.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallerLimits,
  type CallerLimitsSchema,
  type Rate,
  type RateSchema,
  SpendPeriod,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { parseCount, parseNumber } from "./arguments.ts";
import type { FlagTable } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

export const LIMIT_FLAGS = {
  requests: {
    type: "string",
    multiple: true,
    value: "N/WINDOW",
    help: "most requests in any window: 5/s, 60/m, 1000/h, 10000/d; several hold together",
  },
  tokens: {
    type: "string",
    multiple: true,
    value: "N/WINDOW",
    help: "most input and output tokens in any window",
  },
  concurrency: { type: "string", value: "N", help: "most generations at a time" },
  spend: {
    type: "string",
    multiple: true,
    value: "MONEY",
    help: 'most money: "USD 100/month"; periods: hour, day, month, total',
  },
  "max-output-tokens": { type: "string", value: "N", help: "most output tokens of a call" },
  "max-cost-per-call": { type: "string", value: "MONEY", help: 'most money of a call: "USD 0.50"' },
  "warn-at": { type: "string", value: "SHARE", help: "warn from this share of a limit on: 0.8" },
  "allow-unpriced": {
    type: "boolean",
    default: false,
    help: "serve models of unknown price although a spend limit holds",
  },
  "no-limits": { type: "boolean", default: false, help: "take all limits away" },
} as const satisfies FlagTable;

export interface LimitValues {
  readonly requests?: readonly string[];
  readonly tokens?: readonly string[];
  readonly concurrency?: string;
  readonly spend?: readonly string[];
  readonly "max-output-tokens"?: string;
  readonly "max-cost-per-call"?: string;
  readonly "warn-at"?: string;
  readonly "allow-unpriced": boolean;
  readonly "no-limits": boolean;
}

const WINDOWS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const PERIODS: Readonly<Record<string, SpendPeriod>> = {
  hour: SpendPeriod.HOUR,
  day: SpendPeriod.DAY,
  month: SpendPeriod.MONTH,
  total: SpendPeriod.TOTAL,
};
const DECIMALS = 12;

function parseRate(name: string, text: string): MessageInitShape<typeof RateSchema> {
  const match = /^([1-9]\d{0,14})\/([smhd])$/.exec(text);
  const seconds = WINDOWS[match?.[2] ?? ""];
  if (match === null || seconds === undefined) {
    throw new UsageError(`--${name} takes a number and a window: 5/s, 60/m, 1000/h or 10000/d`);
  }
  return { amount: BigInt(match[1] ?? ""), window: { seconds: BigInt(seconds) } };
}

function parseMoney(name: string, text: string, form: string) {
  const match = /^([A-Z]{3}) (\d{1,6})(?:\.(\d{1,12}))?$/.exec(text);
  const picos = BigInt(`${match?.[2] ?? "0"}${(match?.[3] ?? "").padEnd(DECIMALS, "0")}`);
  if (match === null || picos === 0n || picos > BigInt(Number.MAX_SAFE_INTEGER)) {
    const most = Math.floor(Number.MAX_SAFE_INTEGER / 10 ** DECIMALS);
    throw new UsageError(`--${name} takes money of at most ${most} such as "${form}"`);
  }
  return { currencyCode: match[1] ?? "", picos };
}

function parseSpend(text: string) {
  const at = text.lastIndexOf("/");
  const period = PERIODS[text.slice(at + 1)];
  if (at < 0 || period === undefined) {
    throw new UsageError(
      `--spend takes "USD 100/PERIOD"; periods: ${Object.keys(PERIODS).join(", ")}`,
    );
  }
  return { period, ...parseMoney("spend", text.slice(0, at), "USD 100/month") };
}

/** Undefined: no flag of a limit is given. `"none"`: all limits are to be taken away. */
export function parseLimits(
  values: LimitValues,
): MessageInitShape<typeof CallerLimitsSchema> | "none" | undefined {
  const { requests = [], tokens = [], spend = [], concurrency } = values;
  const cost = values["max-cost-per-call"];
  const output = parseCount("max-output-tokens", values["max-output-tokens"], undefined, 1);
  const atOnce = parseCount("concurrency", concurrency, undefined, 1);
  const warnAt = parseNumber("warn-at", values["warn-at"]);
  const limits = {
    use: {
      requests: requests.map((text) => parseRate("requests", text)),
      tokens: tokens.map((text) => parseRate("tokens", text)),
      spend: spend.map(parseSpend),
      ...(atOnce > 0 && { concurrency: atOnce }),
    },
    ...(output > 0 && { maxOutputTokens: output }),
    ...(cost !== undefined && {
      maxCostPerCall: parseMoney("max-cost-per-call", cost, "USD 0.50"),
    }),
    ...(warnAt !== undefined && { warnAt }),
    allowUnpriced: values["allow-unpriced"],
  };
  const isGiven =
    requests.length + tokens.length + spend.length + atOnce + output > 0 ||
    cost !== undefined ||
    warnAt !== undefined ||
    values["allow-unpriced"];
  if (!values["no-limits"]) return isGiven ? limits : undefined;
  if (isGiven) throw new UsageError("--no-limits stands alone");
  return "none";
}

function rateText({ amount, window }: Rate): string {
  const seconds = Number(window?.seconds ?? 0n);
  const unit = Object.entries(WINDOWS).find(([, length]) => length === seconds)?.[0];
  return `${amount}/${unit ?? `${seconds}s`}`;
}

function moneyText(currency: string, picos: bigint): string {
  const digits = String(picos).padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return `${currency} ${digits.slice(0, -DECIMALS)}${fraction === "" ? "" : `.${fraction}`}`;
}

function periodWord(period: SpendPeriod): string {
  return Object.entries(PERIODS).find(([, value]) => value === period)?.[0] ?? String(period);
}

/** One line for people; "-" without limits. */
export function limitsText(limits: CallerLimits | undefined): string {
  if (limits === undefined) return "-";
  const { use, narrowed, maxOutputTokens, maxCostPerCall } = limits;
  const parts = [
    ...(use?.requests ?? []).map((rate) => `${rateText(rate)} requests`),
    ...(use?.tokens ?? []).map((rate) => `${rateText(rate)} tokens`),
    ...(use?.concurrency === undefined ? [] : [`${use.concurrency} at a time`]),
    ...(use?.spend ?? []).map(
      ({ currencyCode, picos, period }) =>
        `${moneyText(currencyCode, picos)}/${periodWord(period)}`,
    ),
    ...(maxOutputTokens === undefined ? [] : [`${maxOutputTokens} output tokens a call`]),
    ...(maxCostPerCall === undefined
      ? []
      : [`${moneyText(maxCostPerCall.currencyCode, maxCostPerCall.picos)} a call`]),
    ...narrowed.map(({ match }) => `others for ${match}`),
  ];
  return parts.length === 0 ? "-" : parts.join("; ");
}
