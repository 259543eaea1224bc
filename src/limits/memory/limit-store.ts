import type { MemoryEngine } from "../../store/memory/engine.ts";
import { LimitMachine, type LimitMoment } from "../limit-machine.ts";
import type { LimitStore } from "../limit-store.ts";
import { MemoryTables } from "./memory-tables.ts";

/** Counters of limits in the memory of this process. */
export function createMemoryLimitStore(engine: MemoryEngine): LimitStore {
  const machine = new LimitMachine(new MemoryTables());
  const { living } = engine.sessions;
  const moment = (): LimitMoment => ({
    now: engine.time(),
    isAlive: (session) => living.has(session),
  });
  return {
    reserve: (reservation) => machine.reserve(reservation, moment()),
    extend: (generationId, rules) => machine.extend(generationId, rules, moment()),
    settle: (settlements) => machine.settle(settlements, moment()),
    move: (generationId, session) => machine.move(generationId, session),
    reap: (limit) => ({ lost: machine.reap(limit, moment()), replicas: living.size }),
  };
}
