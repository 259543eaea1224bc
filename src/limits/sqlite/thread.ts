import type { Moment } from "../../store/sqlite/messages.ts";
import type { Handlers, ThreadTenant } from "../../store/sqlite/thread-tenant.ts";
import { LimitMachine, type LimitMoment } from "../limit-machine.ts";
import type { LimitCalls } from "./limit-calls.ts";
import { LIMIT_SCHEMA } from "./schema.ts";
import { createSqliteTables } from "./sqlite-tables.ts";

const WRITES: readonly (keyof LimitCalls)[] = ["reserve", "extend", "settle", "move", "reap"];

function momentOf({ now, sessions }: Moment): LimitMoment {
  return { now, isAlive: (session) => sessions.includes(session) };
}

/** The limits' part in the thread of the file. */
export const tenant: ThreadTenant = {
  schema: LIMIT_SCHEMA,
  writes: WRITES,
  serve({ db }): Handlers<LimitCalls> {
    const machine = new LimitMachine(createSqliteTables(db));
    return {
      reserve: (moment, reservation) => machine.reserve(reservation, momentOf(moment)),
      extend: (moment, id, rules) => machine.extend(id, rules, momentOf(moment)),
      settle: (moment, settlements) => machine.settle(settlements, momentOf(moment)),
      move: (_, generationId, session) => machine.move(generationId, session),
      reap: (moment, limit) => machine.reap(limit, momentOf(moment)),
    };
  },
};
