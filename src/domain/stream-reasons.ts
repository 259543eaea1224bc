import type { ErrorReasonRow } from "./reason-row.ts";

/** Reasons that concern the gateway itself and its streams. */
export const streamReasons = {
  OVERLOADED: {
    kinds: ["gateway-overloaded"],
    when: "the gateway accepts no more calls; nothing was executed",
    who: "caller",
    todo: "repeat the call after the pause that the error names",
  },
  DRAINING: {
    kinds: ["gateway-overloaded"],
    when: "the replica shuts down; nothing was executed, or the stream continues at another replica",
    who: "caller",
    todo: "repeat or resume the call: another replica serves it",
  },
  TOTAL_TIMEOUT: {
    kinds: ["total-timeout"],
    when: "`timeouts.total` or the deadline of the call has passed",
    who: "caller",
    todo: "allow more time",
  },
  DELIVERY_DEADLINE: {
    kinds: ["total-timeout"],
    when: "the deadline of a stream's call is about to pass, and the stream continues",
    who: "caller",
    todo: "resume the stream",
  },
  STREAM_RUNS: {
    kinds: ["conflict"],
    when: "a response that is still made is to be deleted",
    who: "caller",
    todo: "cancel the response first",
  },
  RESPONSES_NOT_STORED: {
    kinds: ["not-found"],
    when: "a stored response is asked for, and `doors.store` is false",
    who: "operator",
    todo: "set `doors.store` to true, or let callers send whole inputs",
  },
  ENCODER_UNKNOWN: {
    kinds: ["gateway-overloaded"],
    when: "another release has begun the response, and this one does not know how to write its events",
    who: "caller",
    todo: "repeat the call: a replica of that release serves it",
  },
  STREAM_NOT_FOUND: {
    kinds: ["not-found"],
    when: "the caller has no such stream",
    who: "caller",
    todo: "begin a new one",
  },
  STREAM_EXPIRED: {
    kinds: ["not-found"],
    when: "the retention of the stream is over",
    who: "caller",
    todo: "begin a new one; the operator can raise `stream.retention`",
  },
  STREAM_NOT_RESUMABLE: {
    kinds: ["validation"],
    when: "the stream is ephemeral",
    who: "caller",
    todo: "begin a new one, and leave `ephemeral` out",
  },
  SEQUENCE_AHEAD: {
    kinds: ["validation"],
    when: "`last_sequence` is beyond the last event of the stream",
    who: "caller",
    todo: "resume from an event that was received",
  },
  OUTPUT_DISCARDED: {
    kinds: ["conflict"],
    when: "the stream voids output that the reader has, and the reader does not set `accepts_discard`",
    who: "caller",
    todo: "drop the output, and resume from the position that the error names",
  },
  STREAM_TOO_LARGE: {
    kinds: ["stream-limit"],
    when: "the stream has reached `stream.max_bytes` or `stream.max_events`, or the answer is longer than the gateway can hold",
    who: "operator",
    todo: "raise the bound",
  },
  STREAM_LOG_INCOMPLETE: {
    kinds: ["state-lost"],
    when: "the store lost events that were delivered",
    who: "caller",
    todo: "begin anew; the operator checks the durability of the store",
  },
  STORE_UNAVAILABLE: {
    kinds: ["state-unavailable"],
    when: "the stream store does not answer or accepts no events",
    who: "operator",
    todo: "read `store away` in the log",
  },
  OWNER_LOST: {
    kinds: ["owner-lost"],
    when: "the replica of the generation was lost, and no other could continue",
    who: "caller",
    todo: "repeat the call; with the recovery RESTART a takeover repeats it",
  },
  CANCELLED_BY_CALLER: {
    kinds: ["cancelled"],
    when: "the caller cancelled the generation",
    who: "nobody",
  },
  CANCELLED_BY_OPERATOR: {
    kinds: ["cancelled"],
    when: "an operator cancelled the generation",
    who: "caller",
    todo: "ask the operator",
  },
  CANCELLED_BY_DISCONNECT: {
    kinds: ["cancelled"],
    when: "the stream had no reader for `disconnect_grace`",
    who: "caller",
    todo: "repeat the call, or set `on_disconnect` to CONTINUE",
  },
  INTERNAL: {
    kinds: ["internal"],
    when: "the service has a defect",
    who: "operator",
    todo: "report the line `defect` of the log",
  },
} as const satisfies Readonly<Record<string, ErrorReasonRow>>;
