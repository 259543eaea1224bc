import type { Reply } from "../../store/redis/client.ts";
import type { RedisEngine } from "../../store/redis/engine.ts";
import { listOf, textOf } from "../../store/redis/replies.ts";
import type { LimitLevel, LimitRule, LimitStore, ReserveAnswer } from "../limit-store.ts";

/** In this order they are one chunk. */
const LIMIT_FUNCTIONS = ["periods.lua", "limits.lua"].map(
  (file) => new URL(`./${file}`, import.meta.url),
);

/** Rules as `rules_of` in `limits.lua` reads them: one argument in JSON, because each argument of a command costs CPU. */
function rulesArgument(rules: readonly LimitRule[]): string {
  return JSON.stringify(rules.map(fieldsOf));
}

function fieldsOf(rule: LimitRule): readonly unknown[] {
  switch (rule.unit) {
    case "concurrency":
      return [rule.unit, rule.key, rule.most, 0, 0];
    case "spend":
      return [rule.unit, rule.key, rule.most, rule.take, rule.borders.join(",")];
    default:
      return [rule.unit, rule.key, rule.most, rule.take, rule.windowMs];
  }
}

/** A number of milliseconds; -1 stands for none. */
function optionalMs(reply: Reply | undefined): number | undefined {
  return Number(reply) < 0 ? undefined : Number(reply);
}

function decodeLevel(reply: Reply): LimitLevel {
  const [used, reset, isRefused, wait] = listOf(reply);
  const level = { used: Number(used), resetMs: optionalMs(reset) };
  return isRefused === 1 ? { ...level, refused: { waitMs: optionalMs(wait) } } : level;
}

function decodeAnswer(reply: Reply): ReserveAnswer {
  const [state, levels] = listOf(reply);
  return {
    state: textOf(state) as ReserveAnswer["state"],
    levels: listOf(levels).map(decodeLevel),
  };
}

/** Counters of limits in Redis, which all replicas share. */
export function createRedisLimitStore(engine: RedisEngine): LimitStore {
  const library = engine.library(LIMIT_FUNCTIONS);
  return {
    async reserve({ generationId, session, canMove, totalMs, rules }) {
      const about = [generationId, session, canMove ? "1" : "0", String(totalMs)];
      return decodeAnswer(await library.call("reserve", "", [...about, rulesArgument(rules)]));
    },
    async extend(generationId, rules) {
      const args = [generationId, rulesArgument(rules)];
      return decodeAnswer(await library.call("extend", "", args));
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
