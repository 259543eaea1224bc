import type { Reply } from "../../store/redis/client.ts";
import type { RedisEngine } from "../../store/redis/engine.ts";
import { listOf, textOf } from "../../store/redis/replies.ts";
import type { LimitLevel, LimitRule, LimitStore, ReserveAnswer } from "../limit-store.ts";

/** In this order they are one chunk. */
const LIMIT_FUNCTIONS = ["periods.lua", "limits.lua"].map(
  (file) => new URL(`./${file}`, import.meta.url),
);

/** The arguments of rules, as `rules_of` in `limits.lua` reads them. */
function ruleArguments(rules: readonly LimitRule[]): string[] {
  return rules.flatMap((rule) => {
    const common = [rule.unit, rule.key, String(rule.most)];
    switch (rule.unit) {
      case "concurrency":
        return [...common, "0", "0"];
      case "spend":
        return [...common, String(rule.take), rule.borders.join(",")];
      default:
        return [...common, String(rule.take), String(rule.windowMs)];
    }
  });
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
      return decodeAnswer(await library.call("reserve", "", [...about, ...ruleArguments(rules)]));
    },
    async extend(generationId, rules) {
      const args = [generationId, ...ruleArguments(rules)];
      return decodeAnswer(await library.call("extend", "", args));
    },
    async settle(settlements) {
      const args = settlements.flatMap(({ generationId, requests, tokens, picos }) => [
        generationId,
        String(requests),
        String(tokens ?? ""),
        String(picos ?? ""),
      ]);
      await library.call("settle", "", args);
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
