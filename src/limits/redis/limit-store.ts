import type { Reply } from "../../store/redis/client.ts";
import type { RedisEngine } from "../../store/redis/engine.ts";
import { listOf, textOf } from "../../store/redis/replies.ts";
import type { LimitLevel, LimitRule, LimitStore, ReserveAnswer } from "../limit-store.ts";

/** In this order they are one chunk. */
const LIMIT_FUNCTIONS = ["periods.lua", "limits.lua"].map(
  (file) => new URL(`./${file}`, import.meta.url),
);

/** Rules as `rules_of` in `limits.lua` reads them: one argument in JSON, because each argument of a command costs CPU. */
function fieldsOf(rule: LimitRule): readonly unknown[] {
  switch (rule.unit) {
    case "concurrency":
      return [rule.unit, rule.key, rule.most, 0, 0];
    case "spend":
      return [rule.unit, rule.key, rule.most, rule.take, rule.borders];
    default:
      return [rule.unit, rule.key, rule.most, rule.take, rule.windowMs];
  }
}

/** A number of milliseconds; -1 stands for none. */
function optionalMs(reply: Reply | undefined): number | undefined {
  return Number(reply) < 0 ? undefined : Number(reply);
}

/** Fields of a level. */
const FIELDS = 4;

/** The state, and then the fields of each level. */
function decodeAnswer(reply: Reply): ReserveAnswer {
  const fields = listOf(reply);
  const levels: LimitLevel[] = [];
  for (let place = 1; place < fields.length; place += FIELDS) {
    const level = { used: Number(fields[place]), resetMs: optionalMs(fields[place + 1]) };
    const isRefused = fields[place + 2] === 1;
    const waitMs = optionalMs(fields[place + 3]);
    levels.push(isRefused ? { ...level, refused: { waitMs } } : level);
  }
  return { state: textOf(fields[0]) as ReserveAnswer["state"], levels };
}

/** Counters of limits in Redis, which all replicas share. */
export function createRedisLimitStore(engine: RedisEngine): LimitStore {
  const library = engine.library(LIMIT_FUNCTIONS);
  return {
    async reserve({ generationId, session, canMove, totalMs, rules }) {
      const all = [generationId, session, canMove, totalMs, rules.map(fieldsOf)];
      return decodeAnswer(await library.call("reserve", "", [JSON.stringify(all)]));
    },
    async extend(generationId, rules) {
      const all = [generationId, rules.map(fieldsOf)];
      return decodeAnswer(await library.call("extend", "", [JSON.stringify(all)]));
    },
    async settle(settlements) {
      const all = settlements.map(({ generationId, requests, tokens, picos }) => [
        generationId,
        requests,
        tokens ?? "",
        picos ?? "",
      ]);
      await library.call("settle", "", [JSON.stringify(all)]);
    },
    async move(generationId, session) {
      const reply = await library.call("move", "", [generationId, session]);
      if (reply === null) return undefined;
      const [tokens, picos] = listOf(reply);
      return { tokens: Number(tokens), picos: Number(picos) };
    },
    async reap(limit) {
      const [lost, replicas] = listOf(await library.call("reap", "", [String(limit)]));
      return { lost: Number(lost), replicas: Number(replicas) };
    },
  };
}
