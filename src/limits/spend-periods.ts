import type { Clock } from "../clock.ts";
import type { SpendPeriod } from "../domain/caller-limits.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Local time is less than this ahead of UTC, or behind UTC. */
const MOST_OFFSET_MS = DAY_MS;

/** A day of the calendar. `month` begins at 0, and `day` at 1: both can be outside of their year and month. */
interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The days of a time zone. */
class ZoneCalendar {
  readonly #format: Intl.DateTimeFormat;

  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      year: "numeric",
      month: "numeric",
      day: "numeric",
    });
  }

  /** The day at a moment. */
  dayAt(moment: number): CalendarDay {
    const found = { year: 0, month: 0, day: 0 };
    for (const { type, value } of this.#format.formatToParts(moment)) {
      if (type === "year" || type === "month" || type === "day") found[type] = Number(value);
    }
    return { ...found, month: found.month - 1 };
  }

  /** The first moment of a day: a change of the clocks can skip midnight. */
  startOf({ year, month, day }: CalendarDay): number {
    const utc = Date.UTC(year, month, day);
    let before = utc - MOST_OFFSET_MS;
    let after = utc + MOST_OFFSET_MS;
    // Days begin at whole minutes of UTC.
    while (after - before > MINUTE_MS) {
      const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS;
      const at = this.dayAt(middle);
      if (Date.UTC(at.year, at.month, at.day) < utc) before = middle;
      else after = middle;
    }
    return after;
  }
}

interface Known {
  readonly zone: string;
  readonly borders: readonly number[];
}

/** Borders of the periods of spending around now. Hours are those of UTC; days and months begin in the time zone. */
export class SpendPeriods {
  readonly #clock: Pick<Clock, "wallTime">;
  readonly #zone: () => string;
  readonly #known = new Map<SpendPeriod, Known>();

  /** `zone`: an IANA name. */
  constructor(clock: Pick<Clock, "wallTime">, zone: () => string) {
    this.#clock = clock;
    this.#zone = zone;
  }

  /**
   * Start of the period before, of this period, of the next one and of the one after, in milliseconds since the epoch;
   * empty for `total`.
   */
  borders(period: SpendPeriod): readonly number[] {
    if (period === "total") return TOTAL;
    const [now, zone, known] = [this.#clock.wallTime(), this.#zone(), this.#known.get(period)];
    const [, start = 0, end = 0] = known?.borders ?? [];
    if (known?.zone === zone && now >= start && now < end) return known.borders;
    const borders = period === "hour" ? hoursAround(now) : daysAround(period, zone, now);
    this.#known.set(period, { zone, borders });
    return borders;
  }
}

const TOTAL: readonly number[] = [];
const STEPS = [-1, 0, 1, 2];

function hoursAround(now: number): readonly number[] {
  const hour = Math.floor(now / HOUR_MS);
  return STEPS.map((step) => (hour + step) * HOUR_MS);
}

function daysAround(period: "day" | "month", zone: string, now: number): readonly number[] {
  const calendar = new ZoneCalendar(zone);
  const { year, month, day } = calendar.dayAt(now);
  const starts = STEPS.map((step) =>
    calendar.startOf(
      period === "day" ? { year, month, day: day + step } : { year, month: month + step, day: 1 },
    ),
  );
  // A zone that changes the side of the date line skips a day.
  return [...new Set(starts)];
}
