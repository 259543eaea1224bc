import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { storeFull } from "../store-unavailable.ts";
import type { Reply } from "./client.ts";
import type { RedisConnection } from "./connection.ts";
import { isFunctionMissing, isOutOfMemory, unavailable } from "./errors.ts";
import { ABSENT_KEY } from "./keys.ts";

/** First file of every library. */
const PRELUDE = new URL("./prelude.lua", import.meta.url);

function readLibrary(files: readonly URL[]): { readonly code: string; readonly prefix: string } {
  const source = [PRELUDE, ...files].map((file) => readFileSync(file, "utf8")).join("\n");
  // Replicas of two versions can share a Redis. Each calls the functions of its own version.
  const version = createHash("sha256").update(source).digest("hex").slice(0, 12);
  return { code: source.replaceAll("VERSION", version), prefix: `steer_${version}_` };
}

type Argument = string | Buffer;

/** The functions of one tenant in a Redis. */
export interface RedisLibrary {
  /** One atomic step. `key`: the record it concerns, "" if none. */
  call(name: string, key: string, args: readonly Argument[]): Promise<Reply>;
  /**
   * A step that needs memory. If Redis has none, the function `full` answers instead, without writes. An answer
   * `full` rejects with `StoreUnavailable`.
   */
  callOr(full: string, name: string, key: string, args: readonly Argument[]): Promise<Reply>;
}

/** Loads the library if Redis does not have it: at first use, after a flush or after a failover. */
export function createRedisLibrary(
  connection: RedisConnection,
  files: readonly URL[],
): RedisLibrary {
  const { code, prefix } = readLibrary(files);
  let loading: Promise<unknown> | undefined;

  function load(): Promise<unknown> {
    loading ??= connection.send(["FUNCTION", "LOAD", "REPLACE", code]).finally(() => {
      loading = undefined;
    });
    return loading;
  }

  function send(name: string, key: string, args: readonly Argument[]): Promise<Reply> {
    const keys = key === "" ? ["1", ABSENT_KEY] : ["2", key, ABSENT_KEY];
    return connection.send(["FCALL", prefix + name, ...keys, ...args]);
  }

  /** Sends a call once more if the Redis lacked the function. Throws any other error as it is. */
  async function again(
    why: unknown,
    name: string,
    key: string,
    args: readonly Argument[],
  ): Promise<Reply> {
    if (!isFunctionMissing(why)) throw why;
    await load();
    return send(name, key, args);
  }

  async function call(name: string, key: string, args: readonly Argument[]): Promise<Reply> {
    try {
      return await send(name, key, args);
    } catch (why) {
      return await again(why, name, key, args).catch((error: unknown) => {
        throw unavailable(error);
      });
    }
  }

  return {
    call,
    async callOr(full, name, key, args) {
      try {
        return await send(name, key, args).catch((why) => again(why, name, key, args));
      } catch (error) {
        if (!isOutOfMemory(error)) throw unavailable(error);
        const answer = await call(full, key, args);
        if (Array.isArray(answer) && String(answer[0]) === "full") throw storeFull("OOM");
        return answer;
      }
    },
  };
}
