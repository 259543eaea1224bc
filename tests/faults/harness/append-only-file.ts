// Redis as it comes back from a crash of its machine: without its newest entries.
import { readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { RedisServer } from "../../support/redis.ts";

function fileOf({ dataFolder }: RedisServer): string {
  const folder = join(dataFolder, "appendonlydir");
  const name = readdirSync(folder).find((each) => each.endsWith(".incr.aof"));
  if (name === undefined) throw new Error("no append-only file");
  return join(folder, name);
}

/** Cuts so many bytes off; what is left of a broken transaction is not applied. */
export function cutBytes(redis: RedisServer, bytes: number): void {
  const file = fileOf(redis);
  truncateSync(file, Math.max(0, statSync(file).size - bytes));
}

/** Cuts off everything from the newest entry but `entries - 1` of this stream's log on. */
export function cutAppends(redis: RedisServer, streamId: string, entries: number): void {
  const file = fileOf(redis);
  const text = readFileSync(file, "latin1");
  // The key of the log is written by nothing but appends.
  const key = `{steer}:s:${streamId}:w:`;
  let at = text.length;
  for (let entry = 0; entry < entries; entry++) {
    at = text.lastIndexOf("XADD", text.lastIndexOf(key, at - 1));
    if (at < 0) throw new Error("the file holds no such append");
  }
  truncateSync(file, at);
}
