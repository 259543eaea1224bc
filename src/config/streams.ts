import {
  ConfigProblem,
  count,
  duration,
  object,
  oneOf,
  type Reader,
  type ReadFields,
  size,
  text,
} from "./readers.ts";

/** A stream store as the operator names it. */
export type StoreEntry =
  | { readonly type: "memory" }
  | { readonly type: "sqlite"; readonly path: string }
  | { readonly type: "redis"; readonly url: string };

const SQLITE = "sqlite:";
/** Several hosts make no URL by the standard: the store reads the rest. */
const REDIS = /^rediss?(\+sentinel)?:\/\/./i;

const store: Reader<StoreEntry> = (value, path) => {
  const given = text(value, path);
  if (given === "memory") return { type: "memory" };
  if (given.startsWith(SQLITE) && given.length > SQLITE.length) {
    return { type: "sqlite", path: given.slice(SQLITE.length) };
  }
  // What was given can hold a password: it is not repeated.
  if (REDIS.test(given)) return { type: "redis", url: given };
  const forms = "redis://HOST, rediss://HOST or redis[s]+sentinel://HOST/MASTER";
  throw new ConfigProblem(path, `must be memory, sqlite:PATH, ${forms}`);
};

/** The section `stream` of the file. */
export const streamFields = object({
  store,
  retention: duration,
  tombstone: duration,
  disconnect_grace: duration,
  max_bytes: size,
  max_events: count,
  max_total_bytes: size,
  durability: oneOf("preferred", "required"),
  store_timeout: duration,
  takeover: oneOf("auto", "fail"),
  max_takeovers: count,
  session_ttl: duration,
  max_readers: count,
});

export type StreamFields = ReadFields<typeof streamFields.fields>;
