// Numbers, times and money as texts. All texts are English, like the page.
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

/** Shown in place of a value that is not known. */
export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** All digits, in groups: `1,234,567`. */
export function formatCount(count: bigint | number): string {
  return whole.format(count);
}

/** Three digits at most: `1.23M`. */
export function formatShort(value: bigint | number): string {
  return short.format(value);
}

/** A share from 0 to 1 in percent: `12.5%`. */
export function formatShare(share: number): string {
  return Number.isFinite(share) ? percent.format(share) : UNKNOWN;
}

/** Three digits of a number below 1,000, and all before the decimal point of others: `0.00125`, `3.1`, `1,250`. */
export function formatRate(rate: number): string {
  if (!Number.isFinite(rate)) return UNKNOWN;
  return rate < 1_000 ? precise.format(rate) : whole.format(rate);
}

/** Milliseconds of a duration; undefined for none. */
export function toMs(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * SECOND + duration.nanos / 1e6;
}

/** Milliseconds since 1970; undefined for none. */
export function toTime(time: Timestamp | undefined): number | undefined {
  return time && Number(time.seconds) * SECOND + time.nanos / 1e6;
}

/** Two units at most: `0.4 ms`, `350 ms`, `1.5 s`, `2 min 5 s`, `3 h 20 min`, `4 d 2 h`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  // 999.6 ms would be written as 1,000 ms.
  if (Math.round(ms) < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND) return `${Number((ms / SECOND).toFixed(1))} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return pair(seconds, 60, "min", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return pair(minutes, 60, "h", "min");
  return pair(Math.round(minutes / 60), 24, "d", "h");
}

function pair(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  const first = `${formatCount(Math.floor(amount / size))} ${large}`;
  return rest === 0 ? first : `${first} ${rest} ${small}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `512 B`, `1.5 KiB`, `20 MiB`. */
export function formatBytes(bytes: bigint | number): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** How far a time is from now, in one unit: `now`, `12 s ago`, `in 5 min`. */
export function formatDistance(time: number, now: number): string {
  const ms = Math.abs(time - now);
  if (ms < SECOND) return "now";
  const [size, unit] =
    ms < MINUTE ? [SECOND, "s"] : ms < HOUR ? [MINUTE, "min"] : ms < DAY ? [HOUR, "h"] : [DAY, "d"];
  const text = `${formatCount(Math.floor(ms / Number(size)))} ${unit}`;
  return time < now ? `${text} ago` : `in ${text}`;
}

/** Date and time of the day in UTC, as in the log: `2026-01-31 12:05:09Z`. */
export function formatTime(time: number): string {
  const text = new Date(time).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}Z`;
}
