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
      "store of streams; several replicas share a Redis, a [Redis Cluster or a Redis behind Sentinels](streams.md#redis-cluster-and-sentinel)",
  },
  {
    key: "stream.retention",
    values: DURATION,
    default: "15m",
    meaning:
      "how long an ended stream can be replayed; also `STEER_STREAMING_STATE_TTL`, in seconds",
  },
  {
    key: "stream.tombstone",
    values: DURATION,
    default: "1h",
    meaning: "how long after its retention a stream is reported as expired",
  },
  {
    key: "stream.disconnect_grace",
    values: DURATION,
    default: "10s",
    meaning: "how long a generation without a reader continues",
  },
  { key: "stream.max_bytes", values: SIZE, default: "8MiB", meaning: "bound of one stream" },
  { key: "stream.max_events", values: COUNT, default: "200000", meaning: "bound of one stream" },
  {
    key: "stream.max_total_bytes",
    values: SIZE,
    defaultInWords: "in memory a quarter of the heap, `256MiB` at most; in SQLite none",
    meaning:
      "bound of all streams together; ended streams are dropped first. The memory store counts everything that it [holds for streams](streams.md#what-the-store-in-memory-holds). Redis has its own bound",
  },
  {
    key: "stream.durability",
    values: "`preferred`, `required`",
    default: "preferred",
    meaning:
      "`preferred`: calls run unstored while the store is away; `required`: they are refused",
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
    meaning:
      "`auto`: another replica continues the streams of a lost one; `fail`: it ends them with an error",
  },
  {
    key: "stream.max_takeovers",
    values: COUNT,
    default: "2",
    meaning: "most takeovers of one stream, apart from 8 planned hand-overs",
  },
  {
    key: "stream.session_ttl",
    values: DURATION,
    default: "6s",
    meaning: "a replica that sends no heartbeat for this long is considered dead",
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
      "recovery after a failure with delivered output, for streams that set `accepts_discard` and name none; the helpers name `restart`",
  },
];

export const accountingKeys: readonly KeyRow[] = [
  {
    key: "accounting.estimator",
    values: "`auto`, `tiktoken`, `character`, `script`",
    default: "auto",
    meaning:
      "estimator for tokens that no provider reports; `auto`: the model's own vocabulary if it is published, otherwise `script`",
  },
  {
    key: "accounting.usage_file",
    values: FILE,
    meaning:
      "file for one line of JSON per attempt and per call, with tokens and cost; records that a slow disk cannot absorb are dropped and counted. SIGHUP opens the file again",
  },
  {
    key: "accounting.ledger_labels",
    values: "list of at most 8 names of labels",
    default: "[]",
    meaning:
      "labels by whose values [usage](usage.md) can be asked for. Sums of a label begin when the name is added",
  },
  {
    key: "accounting.ledger_hourly_days",
    values: "from `1` to `3660`",
    default: "90",
    meaning: "days for which sums by hour are kept",
  },
  {
    key: "accounting.ledger_daily_days",
    values: "from `1` to `3660`, not less than `accounting.ledger_hourly_days`",
    default: "400",
    meaning: "days for which sums by day are kept",
  },
  {
    key: "accounting.abort.mode",
    values: "`close`, `drain`",
    default: "close",
    meaning:
      "`close`: a cancelled provider call is closed, and missing counts are estimated; `drain`: it is read on until the provider reports its counts. Requests can override it",
  },
  {
    key: "accounting.abort.max_time",
    values: "duration from `1ms` to `60s`",
    default: "10s",
    meaning: "longest time that `drain` reads on",
  },
  {
    key: "accounting.abort.max_cost_picos",
    values: `${COUNT}, trillionths of the currency unit`,
    meaning: "highest cost of output that `drain` reads on for",
  },
];
