// Limits as text, in the form of `steer callers update`: `60/m, 1000/h`, `USD 100/month`.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallerLimits,
  type CallerLimitsSchema,
  type Rate,
  type RateSchema,
  SpendPeriod,
} from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";

/** The fields of the form. An empty text is no limit. */
export interface LimitTexts {
  readonly requests: string;
  readonly tokens: string;
  readonly concurrency: string;
  readonly spend: string;
  readonly maxOutputTokens: string;
  readonly maxCostPerCall: string;
  readonly warnAt: string;
}

export const NO_LIMITS: LimitTexts = {
  requests: "",
  tokens: "",
  concurrency: "",
  spend: "",
  maxOutputTokens: "",
  maxCostPerCall: "",
  warnAt: "",
};

/** What is wrong with a field, in words. */
export class LimitError extends Error {}

const WINDOWS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const PERIODS: Readonly<Record<string, SpendPeriod>> = {
  hour: SpendPeriod.HOUR,
  day: SpendPeriod.DAY,
  month: SpendPeriod.MONTH,
  total: SpendPeriod.TOTAL,
};
const DECIMALS = 12;
const MAX_COUNT = 2 ** 31 - 1;

function listOf(text: string): string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries.filter((entry) => entry !== "");
}

function parseRate(name: string, text: string): MessageInitShape<typeof RateSchema> {
  const match = /^([1-9]\d{0,14})\s*\/\s*(\d{0,7})([smhd])$/.exec(text);
  const seconds = WINDOWS[match?.[3] ?? ""];
  if (match === null || seconds === undefined) {
    throw new LimitError(`${name} take a number and a window, for example 5/s, 60/m or 1000/h.`);
  }
  const length = Number(match[2] || "1") * seconds;
  return { amount: BigInt(match[1] ?? ""), window: { seconds: BigInt(length) } };
}

function parseMoney(name: string, text: string, form: string) {
  const match = /^([A-Z]{3}) (\d{1,6})(?:\.(\d{1,12}))?$/.exec(text);
  const picos = BigInt(`${match?.[2] ?? "0"}${(match?.[3] ?? "").padEnd(DECIMALS, "0")}`);
  if (match === null || picos === 0n || picos > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new LimitError(`${name} takes money of at most 9007, for example ${form}.`);
  }
  return { currencyCode: match[1] ?? "", picos };
}

function parseSpend(text: string) {
  const at = text.lastIndexOf("/");
  const period = PERIODS[text.slice(at + 1).trim()];
  if (at < 0 || period === undefined) {
    throw new LimitError(
      `Money takes an amount and hour, day, month or total, for example USD 100/month.`,
    );
  }
  return { period, ...parseMoney("Money", text.slice(0, at).trim(), "USD 100/month") };
}

function parseCount(name: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count;
  throw new LimitError(`${name} takes a whole number from 1.`);
}

function parseShare(text: string): number {
  const share = Number(text);
  if (Number.isFinite(share) && share >= 0 && share <= 1) return share;
  throw new LimitError("The share for warnings is a number from 0 to 1, for example 0.8.");
}

/**
 * The limits of the fields; undefined if all are empty. What the fields cannot show stays as it was in `before`.
 * Throws `LimitError`.
 */
export function parseLimits(
  texts: LimitTexts,
  before: CallerLimits | undefined,
): MessageInitShape<typeof CallerLimitsSchema> | undefined {
  const { concurrency, maxOutputTokens, maxCostPerCall, warnAt } = texts;
  const narrowed = before?.narrowed ?? [];
  const isEmpty = Object.values(texts).every((text) => text.trim() === "");
  if (isEmpty && narrowed.length === 0) return undefined;
  return {
    use: {
      requests: listOf(texts.requests).map((text) => parseRate("Requests", text)),
      tokens: listOf(texts.tokens).map((text) => parseRate("Tokens", text)),
      spend: listOf(texts.spend).map(parseSpend),
      ...(concurrency !== "" && { concurrency: parseCount("Generations at a time", concurrency) }),
    },
    narrowed,
    allowUnpriced: before?.allowUnpriced ?? false,
    ...(maxOutputTokens !== "" && {
      maxOutputTokens: parseCount("Output tokens of a call", maxOutputTokens),
    }),
    ...(maxCostPerCall !== "" && {
      maxCostPerCall: parseMoney("Money of a call", maxCostPerCall, "USD 0.50"),
    }),
    ...(warnAt !== "" && { warnAt: parseShare(warnAt) }),
  };
}

function rateText({ amount, window }: Rate): string {
  const seconds = Number(window?.seconds ?? 0n);
  const unit = Object.entries(WINDOWS).find(([, length]) => length === seconds)?.[0];
  return `${amount}/${unit ?? `${seconds}s`}`;
}

export function moneyText(currency: string, picos: bigint): string {
  const digits = String(picos).padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return `${currency} ${digits.slice(0, -DECIMALS)}${fraction === "" ? "" : `.${fraction}`}`;
}

export function periodWord(period: SpendPeriod): string {
  return Object.entries(PERIODS).find(([, value]) => value === period)?.[0] ?? String(period);
}

/** The fields of the form for limits. */
export function toLimitTexts(limits: CallerLimits | undefined): LimitTexts {
  if (limits === undefined) return NO_LIMITS;
  const { use, maxOutputTokens, maxCostPerCall, warnAt } = limits;
  const spend = (use?.spend ?? []).map(
    (each) => `${moneyText(each.currencyCode, each.picos)}/${periodWord(each.period)}`,
  );
  return {
    requests: (use?.requests ?? []).map(rateText).join(", "),
    tokens: (use?.tokens ?? []).map(rateText).join(", "),
    concurrency: use?.concurrency === undefined ? "" : String(use.concurrency),
    spend: spend.join(", "),
    maxOutputTokens: maxOutputTokens === undefined ? "" : String(maxOutputTokens),
    maxCostPerCall:
      maxCostPerCall === undefined
        ? ""
        : moneyText(maxCostPerCall.currencyCode, maxCostPerCall.picos),
    warnAt: warnAt === undefined ? "" : String(warnAt),
  };
}

/** One line for a table; "" without limits. */
export function limitsLine(limits: CallerLimits | undefined): string {
  const texts = toLimitTexts(limits);
  const narrowed = limits?.narrowed ?? [];
  const parts = [
    texts.requests && `${texts.requests} requests`,
    texts.tokens && `${texts.tokens} tokens`,
    texts.concurrency && `${texts.concurrency} at a time`,
    texts.spend,
    texts.maxOutputTokens && `${texts.maxOutputTokens} output tokens a call`,
    texts.maxCostPerCall && `${texts.maxCostPerCall} a call`,
    ...narrowed.map(({ match }) => `others for ${match}`),
  ];
  return parts.filter((part) => part !== "").join("; ");
}
