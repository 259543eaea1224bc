import type { RedisEngine } from "../../store/redis/engine.ts";
import { bufferOf, bytesOf, listOf, textOf } from "../../store/redis/replies.ts";
import {
  type LedgerStore,
  MAX_HOURS_AHEAD,
  MAX_HOURS_BACK,
  MAX_PERIOD_ROWS,
  MAX_ROWS,
  SESSION_MS,
} from "../ledger-store.ts";
import { bytesOfSums, visitRows } from "../packed-rows.ts";

const LEDGER_FUNCTIONS = [new URL("./ledger.lua", import.meta.url)];

/** The ledger in Redis, which all replicas share. */
export function createRedisLedgerStore(engine: RedisEngine, maxRows = MAX_ROWS): LedgerStore {
  const library = engine.library(LEDGER_FUNCTIONS);
  return {
    async apply({ session, number, rows }) {
      const answer = await library.call("ledger_apply", "", [
        session,
        String(number),
        ...[maxRows, MAX_PERIOD_ROWS, SESSION_MS, MAX_HOURS_BACK, MAX_HOURS_AHEAD].map(String),
        ...rows.flatMap(({ hour, key, sums }) => [String(hour), key, bytesOf(bytesOfSums(sums))]),
      ]);
      return textOf(answer) as "applied" | "repeated";
    },
    async closeSession(session) {
      await library.call("ledger_close", "", [session]);
    },
    async read({ grain, start }, visit) {
      visitRows(bufferOf(await library.call("ledger_read", "", [grain, String(start)])), visit);
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
    },
  };
}
