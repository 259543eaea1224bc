import type { RedisEngine } from "../../store/redis/engine.ts";
import { bufferOf, bytesOf, listOf, textOf } from "../../store/redis/replies.ts";
import {
  BOUNDS,
  type LedgerBounds,
  type LedgerStore,
  MAX_HOURS_AHEAD,
  MAX_HOURS_BACK,
  SESSION_MS,
} from "../ledger-store.ts";
import { packAgain, packPeriod, visitPeriod } from "../packed-period.ts";
import type { Period } from "../periods.ts";
import { bytesOfSums } from "../sums.ts";
import { rowsOfHash } from "./rows-of-hash.ts";

const LEDGER_FUNCTIONS = [new URL("./ledger.lua", import.meta.url)];

/** The ledger in Redis, which all replicas share. */
export function createRedisLedgerStore(
  engine: RedisEngine,
  { maxRows, maxPeriodRows, packAfterHours }: LedgerBounds = BOUNDS,
): LedgerStore {
  const library = engine.library(LEDGER_FUNCTIONS);

  /** Packs the oldest period of a grain that takes no more rows. Replicas that do so at once change nothing twice. */
  async function packOldest(grain: Period["grain"]): Promise<void> {
    const hours = String(packAfterHours);
    const found = listOf(await library.call("ledger_unpacked", "", [grain, hours]));
    const [start, packed, hash] = found.map(bufferOf);
    if (start === undefined || packed === undefined || hash === undefined) return;
    const rows = rowsOfHash(hash);
    const all = packed.length === 0 ? packPeriod(rows) : packAgain(packed, rows);
    const count = String(rows.length);
    await library.call("ledger_pack", "", [grain, start.toString(), hours, count, bytesOf(all)]);
  }

  return {
    async apply({ session, number, rows }) {
      const answer = await library.call("ledger_apply", "", [
        session,
        String(number),
        ...[maxRows, maxPeriodRows, SESSION_MS, MAX_HOURS_BACK, MAX_HOURS_AHEAD].map(String),
        ...rows.flatMap(({ hour, key, sums }) => [String(hour), key, bytesOf(bytesOfSums(sums))]),
      ]);
      return textOf(answer) as "applied" | "repeated";
    },
    async closeSession(session) {
      await library.call("ledger_close", "", [session]);
    },
    async read({ grain, start }, visit) {
      const answer = listOf(await library.call("ledger_read", "", [grain, String(start)]));
      const [packed, hash] = answer.map(bufferOf);
      if (packed !== undefined) visitPeriod(packed, visit);
      if (hash === undefined) return;
      for (const [key, sums] of rowsOfHash(hash)) visit(key, sums, 0, sums.length);
    },
    async state() {
      const [hours, days, rows, lost] = listOf(await library.call("ledger_state", "", []));
      const words = listOf(lost).map((word) => Number(textOf(word)));
      const pairs = words.flatMap((day, index) =>
        index % 2 === 0 ? [[day, words[index + 1] ?? 0] as const] : [],
      );
      return {
        hoursFrom: Number(textOf(hours)),
        daysFrom: Number(textOf(days)),
        rows: Number(textOf(rows)),
        lost: new Map(pairs),
      };
    },
    async tidy({ hoursMs, daysMs }) {
      await library.call("ledger_tidy", "", [String(hoursMs), String(daysMs)]);
      await packOldest("hour");
      await packOldest("day");
    },
  };
}
