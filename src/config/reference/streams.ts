// Keys of stored streams, of accounting and of routing.
import { COUNT, DURATION, FILE, type KeyRow } from "./key-row.ts";

const SIZE = "size such as `8MiB`, in B, KiB, MiB or GiB";

export const streamKeys: readonly KeyRow[] = [
  {
    key: "stream.store",
    values:
      "`memory`, `sqlite:PATH`, `redis://HOST`, `rediss://HOST`, `redis+sentinel://HOST,HOST/MASTER`",
    default: "memory",
    meaning:
      "where streams are kept; several replicas share a Redis, a [Redis Cluster or a Redis behind Sentinels](streams.md#redis-cluster-and-sentinel)",
  },
  {
    key: "stream.retention",
    values: DURATION,
    default: "15m",
    meaning:
      "how long a stream that has ended can be replayed; `STEER_STREAMING_STATE_TTL` says the same in seconds",
  },
  {
    key: "stream.tombstone",
    values: DURATION,
    default: "1h",
    meaning: "how long after that the end of the stream is known",
  },
  {
    key: "stream.disconnect_grace",
    values: DURATION,
    default: "10s",
    meaning: "how long a generation goes on when nobody reads it",
  },
  { key: "stream.max_bytes", values: SIZE, default: "8MiB", meaning: "bound of one stream" },
  { key: "stream.max_events", values: COUNT, default: "200000", meaning: "bound of one stream" },
  {
    key: "stream.max_total_bytes",
    values: SIZE,
    defaultInWords: "in memory a quarter of the heap, `256MiB` at most; in SQLite none",
    meaning:
      "bound of all streams, of which those that have ended go first. In memory everything counts that is [held for them](streams.md#what-the-store-in-memory-holds). Redis has its own bound",
  },
  {
    key: "stream.durability",
    values: "`preferred`, `required`",
    default: "preferred",
    meaning: "without its store a call goes on unstored, or fails",
  },
  {
    key: "stream.store_timeout",
    values: DURATION,
    default: "50ms",
    meaning: "longest wait of a new call for the store",
  },
  {
    key: "stream.takeover",
    values: "`auto`, `fail`",
    default: "auto",
    meaning: "another replica goes on with the streams of a lost one, or ends them",
  },
  {
    key: "stream.max_takeovers",
    values: COUNT,
    default: "2",
    meaning: "how often one stream is taken over, apart from 8 planned hand-overs",
  },
  {
    key: "stream.session_ttl",
    values: DURATION,
    default: "6s",
    meaning: "a replica without a sign for so long is lost",
  },
  {
    key: "stream.max_readers",
    values: COUNT,
    default: "64",
    meaning: "readers of one stream at one replica",
  },
  {
    key: "routing.mid_stream_recovery",
    values: "`fail`, `restart`, `continue`",
    default: "fail",
    meaning:
      "what follows a failure after output, for streams that set `accepts_discard` and name no recovery; the helpers name `restart` themselves",
  },
];

export const accountingKeys: readonly KeyRow[] = [
  {
    key: "accounting.estimator",
    values: "`auto`, `tiktoken`, `character`, `script`",
    default: "auto",
    meaning:
      "what counts tokens that no provider reports: `auto` takes the model's own vocabulary where that is published, else `script`",
  },
  {
    key: "accounting.usage_file",
    values: FILE,
    meaning:
      "one line of JSON for each attempt and each call, with tokens and cost; lines that a slow disk does not take are dropped and counted. SIGHUP opens the file again",
  },
  {
    key: "accounting.abort.mode",
    values: "`close`, `drain`",
    default: "close",
    meaning:
      "a cancelled call to a provider is closed and its rest estimated, or read on until its counts have come; requests can say otherwise",
  },
  {
    key: "accounting.abort.max_time",
    values: "duration from `1ms` to `60s`",
    default: "10s",
    meaning: "longest time for which `drain` reads on",
  },
  {
    key: "accounting.abort.max_cost_picos",
    values: `${COUNT}, trillionths of the currency unit`,
    meaning: "highest cost for which `drain` reads on",
  },
];
