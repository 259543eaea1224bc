import type { DatabaseSync } from "node:sqlite";
import { type PeriodRow, packAgain, packedRows, packPeriod } from "../packed-period.ts";
import { DAY_MS, HOUR_MS, type Period } from "../periods.ts";
import { sumsOfBytes } from "../sums.ts";

export interface PackedPeriods {
  /** All rows of a period, in pieces of `packPeriod`. */
  read(period: Period): readonly Uint8Array[];
  /** Packs the oldest hour and the oldest day that have ended at a time and are not packed. */
  pack(before: number): void;
}

/** Periods in the file that take no more rows, each in one piece. */
export function createPackedPeriods(db: DatabaseSync): PackedPeriods {
  const one = db.prepare("SELECT rows FROM ledgerPacked WHERE grain = ? AND start = ?");
  const loose = db.prepare("SELECT key, sums FROM ledgerRow WHERE grain = ? AND start = ?");
  // Without names a row costs less.
  loose.setReturnArrays(true);
  const oldest = db.prepare("SELECT min(start) AS start FROM ledgerRow WHERE grain = ?");
  const put = db.prepare(
    "INSERT OR REPLACE INTO ledgerPacked (grain, start, rows) VALUES (?, ?, ?)",
  );
  const dropLoose = db.prepare("DELETE FROM ledgerRow WHERE grain = ? AND start = ?");
  const setCount = db.prepare("UPDATE ledgerPeriod SET rows = ? WHERE grain = ? AND start = ?");

  function packedOf({ grain, start }: Period): Uint8Array | undefined {
    return one.get(grain, start)?.["rows"] as Uint8Array | undefined;
  }

  function looseOf({ grain, start }: Period): PeriodRow[] {
    const rows = loose.all(grain, start) as unknown as (readonly [string, Uint8Array])[];
    return rows.map(([key, sums]) => [key, sumsOfBytes(sums)]);
  }

  function packOldest(grain: Period["grain"], last: number): void {
    const start = oldest.get(grain)?.["start"];
    if (typeof start !== "number" || start > last) return;
    const packed = packedOf({ grain, start });
    const rows = looseOf({ grain, start });
    const all = packed === undefined ? packPeriod(rows) : packAgain(packed, rows);
    put.run(grain, start, all);
    dropLoose.run(grain, start);
    setCount.run(packedRows(all), grain, start);
  }

  return {
    read(period) {
      const packed = packedOf(period);
      const rows = looseOf(period);
      return [
        ...(packed === undefined ? [] : [packed]),
        ...(rows.length === 0 ? [] : [packPeriod(rows)]),
      ];
    },
    pack(before) {
      packOldest("hour", before - HOUR_MS);
      packOldest("day", before - DAY_MS);
    },
  };
}
