import type { RedisEngine } from "../../store/redis/engine.ts";
import { listOf, textOf } from "../../store/redis/replies.ts";
import type { CallerStore, FeedRecord } from "../caller-store.ts";

const FUNCTIONS = [new URL("./callers.lua", import.meta.url)];

/** Feed, version and `forgotten`, before the records of an answer. */
const HEAD = 3;
/** Name, version and value. */
const RECORD = 3;

/** Callers in Redis. */
export function createRedisCallerStore(engine: RedisEngine): CallerStore {
  const library = engine.library(FUNCTIONS);
  return {
    capabilities: engine.capabilities,
    async changes(after, limit) {
      const answer = listOf(await library.call("changes", "", [String(after), String(limit)]));
      const records: FeedRecord[] = [];
      for (let at = HEAD; at < answer.length; at += RECORD) {
        const value = answer[at + 2] ?? null;
        records.push({
          name: textOf(answer[at]),
          version: Number(textOf(answer[at + 1])),
          value: value === null ? undefined : textOf(value),
        });
      }
      return {
        feed: textOf(answer[0]),
        version: Number(textOf(answer[1])),
        forgotten: Number(textOf(answer[2])),
        records,
      };
    },
    async write(changes, { feed, version }, newFeed) {
      const args = changes.flatMap(({ name, value }) => [
        value === undefined ? "del" : "put",
        name,
        value ?? "",
      ]);
      const isRemoval = changes.every(({ value }) => value === undefined);
      const step = isRemoval ? "remove" : "write";
      return (await library.call(step, "", [feed, String(version), newFeed, ...args])) === 1;
    },
    async noteUses(uses) {
      if (uses.length === 0) return;
      const args = uses.flatMap(({ prefix, usedAt }) => [prefix, String(usedAt)]);
      await library.call("note_uses", "", args);
    },
    async lastUses(prefixes) {
      if (prefixes.length === 0) return [];
      const answer = listOf(await library.call("last_uses", "", prefixes));
      return answer.map((use) => (use === null ? undefined : Number(textOf(use))));
    },
    async forgetUses(prefixes) {
      if (prefixes.length > 0) await library.call("forget_uses", "", prefixes);
    },
  };
}
