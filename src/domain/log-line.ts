// Every event of the log with its fields. The type `Log` admits no other line, and a test compares docs/logging.md
// with this list.

/** Type and unit of each kind of value. Durations are in milliseconds unless stated otherwise. */
interface Values {
  /** A word, a name or an identifier. */
  text: string;
  texts: string[];
  /** Texts by name. */
  map: Readonly<Record<string, string>>;
  flag: boolean;
  count: number;
  tokens: number;
  bytes: number;
  ms: number;
  seconds: number;
  /** Trillionths of a unit of the currency. */
  picos: number;
}

/** A question mark marks fields that are not on every line of the event. */
type ValueName = keyof Values | `${keyof Values}?`;

interface FieldList {
  readonly [name: string]: ValueName | FieldList;
}

/** Fields about a generation. */
const GENERATION = {
  requested_model: "text?",
  request_id: "text?",
  trace_id: "text?",
  stream_id: "text?",
  generation_id: "text?",
  provider: "text?",
  model: "text?",
  attempts: "count?",
  ttft_ms: "ms?",
  finish_reason: "text?",
  input_tokens: "tokens?",
  output_tokens: "tokens?",
  usage_source: "text?",
  cost_picos: "picos?",
  currency: "text?",
  cost_source: "text?",
  labels: "map?",
} as const;

export const LOG_EVENTS = {
  listening: {
    grpc: "text",
    http: "text",
    metrics: "text?",
    console: "text?",
    replica: "text",
    version: "text",
    worker_count: "count?",
  },
  "worker ready": { worker: "count", replica: "text", pid: "count" },
  "worker ended": {
    worker: "count",
    replica: "text",
    exit_code: "count?",
    signal: "text?",
    problem: "text?",
    replaced_in_ms: "ms",
  },
  draining: { signal: "text" },
  stopped: {},
  warning: { message: "text" },
  reloaded: { cause: "text" },
  "reload failed": { cause: "text", message: "text" },
  call: {
    method: "text?",
    system: "text",
    code: "text",
    error: "text?",
    reason: "text?",
    field: "text?",
    duration_ms: "ms",
    caller: "text?",
    x_request_id: "text?",
    ...GENERATION,
    last_sequence: "count?",
    cancelled: "flag?",
    previous_circuit: "text?",
  },
  "calls left out": {
    code: "text",
    error: "text",
    reason: "text",
    caller: "text?",
    calls: "count",
    seconds: "seconds",
  },
  generation: {
    outcome: "text",
    error: "text?",
    reason: "text?",
    duration_ms: "ms",
    caller: "text",
    ...GENERATION,
    requested_model: "text",
    generation_id: "text",
    provider: "text",
    model: "text",
    attempts: "count",
  },
  audit: {
    caller: "text",
    method: "text",
    target: {
      provider: "text?",
      model: "text?",
      scope: "text?",
      stream_id: "text?",
      note: "text?",
      older_than_ms: "ms?",
      dry_run: "flag?",
      phases: "texts?",
      include_orphaned: "flag?",
      max_deletions: "count?",
      caller: "text?",
      group: "text?",
      role: "text?",
      key: "text?",
      lifetime_ms: "ms?",
      fields: "texts?",
      force: "flag?",
    },
    result: {
      error: "text?",
      previous_circuit: "text?",
      cancelled: "flag?",
      phase: "text?",
      matched: "count?",
      deleted: "count?",
      skipped: "count?",
      freed_bytes: "bytes?",
      truncated: "flag?",
      key: "text?",
      key_caller: "text?",
      keys_left: "count?",
      deleted_keys: "count?",
    },
  },
  circuit: {
    provider: "text",
    model: "text",
    operation: "text?",
    state: "text",
    open_ms: "ms?",
    for_ms: "ms?",
    evidence: "text?",
    failures: "count?",
    requests: "count?",
    span_ms: "ms?",
    last_error: "text?",
    suppressed: "count?",
  },
  cooldown: {
    provider: "text",
    model: "text",
    operation: "text?",
    for_ms: "ms",
    last_error: "text?",
    suppressed: "count?",
  },
  out: {
    provider: "text",
    model: "text",
    operation: "text?",
    scope: "text",
    for_ms: "ms",
    last_error: "text?",
    suppressed: "count?",
  },
  "provider error": {
    provider: "text",
    http_status: "count?",
    text: "text",
    suppressed: "count?",
  },
  "store away": { cause: "text", code: "text?" },
  "store back": { seconds: "seconds" },
  "limit near": { caller: "text", limit: "text", used: "count" },
  "limits counted locally": { calls: "count" },
  "stream lost": { cause: "text" },
  takeover: { stream_id: "text", epoch: "count", tail: "count", result: "text" },
  "usage file failed": { code: "text" },
  "ledger behind": { cause: "text", code: "text?" },
  "ledger caught up": { seconds: "seconds" },
  "ledger lost": { calls: "count" },
  defect: {
    error: "text",
    stack: "texts?",
    method: "text?",
    generation_id: "text?",
    stream_id: "text?",
  },
} as const satisfies Readonly<Record<string, FieldList>>;

/** Fields that the log itself adds to any line. */
export const LOG_FIELDS = {
  time: "text",
  event: "text",
  worker: "count?",
  dropped_lines: "count?",
} as const;

type ValueOf<Name> = Name extends `${infer Known}?`
  ? ValueOf<Known>
  : Name extends keyof Values
    ? Values[Name]
    : FieldsOf<Name>;

type FieldsOf<List> = {
  readonly [Name in keyof List as List[Name] extends `${string}?` ? never : Name]: ValueOf<
    List[Name]
  >;
} & {
  readonly [Name in keyof List as List[Name] extends `${string}?` ? Name : never]?: ValueOf<
    List[Name]
  >;
};

type LogEvent = keyof typeof LOG_EVENTS;

/** The fields of an event. */
export type LineFields<Event extends LogEvent> = FieldsOf<(typeof LOG_EVENTS)[Event]>;

/** One line: identifiers, counts, durations and words, never content. */
export type LogLine = {
  [Event in LogEvent]: { readonly event: Event } & LineFields<Event>;
}[LogEvent];

/** Writes one line of JSON. */
export type Log = (line: LogLine) => void;
