import { describe, expect, it } from "vitest";
import type { SpendPeriod } from "../../../src/domain/caller-limits.ts";
import { periodAt } from "../../../src/limits/period-at.ts";
import { SpendPeriods } from "../../../src/limits/spend-periods.ts";

const HOUR_MS = 3_600_000;

/** Start and end of the period at a moment, as UTC. */
function periodOf(period: SpendPeriod, zone: string, moment: string | number) {
  const now = new Date(moment).getTime();
  const borders = new SpendPeriods({ wallTime: () => now }, () => zone).borders(period);
  const { startMs, endMs } = periodAt(borders, now);
  return { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() };
}

const hoursOf = (zone: string, moment: string): number => {
  const { start, end } = periodOf("day", zone, moment);
  return (Date.parse(end) - Date.parse(start)) / HOUR_MS;
};

describe("periods of spending", () => {
  it("are the calendar's in UTC: a leap day, the ends of months and of years", () => {
    expect(periodOf("day", "UTC", "2028-02-29T23:59:59.999Z")).toEqual({
      start: "2028-02-29T00:00:00.000Z",
      end: "2028-03-01T00:00:00.000Z",
    });
    const month = (moment: string) => periodOf("month", "UTC", moment);
    expect(month("2028-02-29T12:00:00Z").end).toBe("2028-03-01T00:00:00.000Z");
    expect(month("2026-02-28T23:59:59.999Z").end).toBe("2026-03-01T00:00:00.000Z");
    expect(month("2026-03-01T00:00:00Z").start).toBe("2026-03-01T00:00:00.000Z");
    expect(month("2026-12-31T23:00:00Z")).toEqual({
      start: "2026-12-01T00:00:00.000Z",
      end: "2027-01-01T00:00:00.000Z",
    });
  });

  it("are longer and shorter where the clocks of the zone change", () => {
    expect(hoursOf("Europe/Berlin", "2026-03-29T12:00:00Z")).toBe(23);
    expect(hoursOf("Europe/Berlin", "2026-10-25T12:00:00Z")).toBe(25);
    expect(hoursOf("Europe/Berlin", "2026-10-26T12:00:00Z")).toBe(24);
    expect(hoursOf("Australia/Lord_Howe", "2026-04-04T23:00:00Z")).toBe(24.5);
    // The hour in which the clocks change is the same in both orders.
    expect(periodOf("day", "Europe/Berlin", "2026-10-25T00:30:00Z")).toEqual({
      start: "2026-10-24T22:00:00.000Z",
      end: "2026-10-25T23:00:00.000Z",
    });
    // A month with 31 days and one hour less.
    expect(periodOf("month", "Europe/Berlin", "2026-03-31T21:59:59.999Z")).toEqual({
      start: "2026-02-28T23:00:00.000Z",
      end: "2026-03-31T22:00:00.000Z",
    });
  });

  it("begin with the day where the clocks skip its midnight, and leave out a day that a zone skips", () => {
    // At midnight the clocks of Cairo go to 01:00.
    expect(periodOf("day", "Africa/Cairo", "2024-04-26T10:00:00Z")).toEqual({
      start: "2024-04-25T22:00:00.000Z",
      end: "2024-04-26T21:00:00.000Z",
    });
    const apia = periodOf("day", "Pacific/Apia", "2011-12-30T09:59:59Z");
    expect(apia.end).toBe("2011-12-30T10:00:00.000Z");
    expect(periodOf("day", "Pacific/Apia", apia.end).start).toBe(apia.end);
  });

  it("follow one another without a gap, in every zone and over all its changes of clocks", () => {
    for (const zone of ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Africa/Cairo"]) {
      for (const period of ["day", "month"] as const) {
        let { start, end } = periodOf(period, zone, "2026-01-01T12:00:00Z");
        for (let count = 0; count < (period === "day" ? 366 : 12); count++) {
          expect(periodOf(period, zone, Date.parse(end) - 1)).toEqual({ start, end });
          const next = periodOf(period, zone, end);
          expect(next.start).toBe(end);
          ({ start, end } = next);
        }
        expect(end.slice(0, 4)).toBe("2027");
      }
    }
  });

  it("are hours of UTC in every zone, and one for ever in total", () => {
    const { start } = periodOf("hour", "Asia/Kathmandu", "2026-05-05T10:59:59Z");
    expect(start).toBe("2026-05-05T10:00:00.000Z");
    const periods = new SpendPeriods({ wallTime: () => 0 }, () => "UTC");
    expect(periodAt(periods.borders("total"), Date.now()).endMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("are computed once, until the time or the zone leaves them", () => {
    let [now, zone] = [Date.parse("2026-05-05T10:00:00Z"), "UTC"];
    const periods = new SpendPeriods({ wallTime: () => now }, () => zone);
    const first = periods.borders("day");
    now = Date.parse("2026-05-05T23:59:59.999Z");
    expect(periods.borders("day")).toBe(first);
    now++;
    const [before, start] = periods.borders("day");
    expect([before, start]).toEqual([first[1], first[2]]);
    zone = "Europe/Berlin";
    expect(periods.borders("day")[1]).toBe(Date.parse("2026-05-05T22:00:00Z"));
  });
});
