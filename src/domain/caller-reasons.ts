import type { ErrorReasonRow } from "./reason-row.ts";

/** Reasons that concern credentials, roles and limits of callers. */
export const callerReasons = {
  CREDENTIALS_MISSING: {
    kinds: ["unauthenticated"],
    when: "the call has neither a key nor a certificate of a caller",
    who: "caller",
    todo: "send `authorization: Bearer KEY`",
  },
  CREDENTIALS_INVALID: {
    kinds: ["unauthenticated"],
    when: "the key or the certificate belongs to no caller of this service",
    who: "caller",
    todo: "ask the operator for a key",
  },
  CREDENTIALS_REVOKED: {
    kinds: ["unauthenticated"],
    when: "the operator removed the caller while the call ran",
    who: "caller",
    todo: "ask the operator for a key",
  },
  ROLE_REQUIRED: {
    kinds: ["permission-denied"],
    when: "the method needs the role operator",
    who: "operator",
    todo: "give the caller the role operator",
  },
  HOST_NOT_LOCAL: {
    kinds: ["permission-denied"],
    when: "the service has no callers, and the call is not local",
    who: "operator",
    todo: "configure `callers`, or name the host in `http.hosts`",
  },
  ORIGIN_NOT_ALLOWED: {
    kinds: ["permission-denied"],
    when: "the call comes from a web page whose origin is not in `http.cors_origins`",
    who: "operator",
    todo: "add the origin",
  },
  NOT_OWNER: {
    kinds: ["permission-denied"],
    when: "reserved: this version always gives a more specific reason",
    who: "caller",
    todo: "call as the owner",
  },
  CALLER_RATE_LIMIT: {
    kinds: ["caller-limit"],
    when: "reserved: this version always gives a more specific reason",
    who: "caller",
    todo: "wait",
  },
  REQUESTS_LIMIT: {
    kinds: ["caller-limit"],
    when: "the caller has made as many requests as its limits allow in a window",
    who: "caller",
    todo: "repeat the call after the pause that the error names",
  },
  TOKENS_LIMIT: {
    kinds: ["caller-limit"],
    when: "the caller would use more tokens than its limits allow in a window",
    who: "caller",
    todo: "repeat the call after the pause that the error names, or ask for less output",
  },
  CONCURRENCY_LIMIT: {
    kinds: ["caller-limit"],
    when: "as many calls of the caller run as its limits allow at a time",
    who: "caller",
    todo: "wait for a call to end",
  },
  SPEND_LIMIT: {
    kinds: ["caller-limit"],
    when: "the call could cost more than the caller may still spend in the period",
    who: "caller",
    todo: "ask for less output, wait for the next period, or ask the operator for a higher limit",
  },
  GROUP_REQUESTS_LIMIT: {
    kinds: ["caller-limit"],
    when: "the callers of the group have made as many requests as its limits allow in a window",
    who: "caller",
    todo: "repeat the call after the pause that the error names",
  },
  GROUP_TOKENS_LIMIT: {
    kinds: ["caller-limit"],
    when: "the callers of the group would use more tokens than its limits allow in a window",
    who: "caller",
    todo: "repeat the call after the pause that the error names, or ask for less output",
  },
  GROUP_CONCURRENCY_LIMIT: {
    kinds: ["caller-limit"],
    when: "as many calls of the group's callers run as its limits allow at a time",
    who: "caller",
    todo: "wait for a call to end",
  },
  GROUP_SPEND_LIMIT: {
    kinds: ["caller-limit"],
    when: "the call could cost more than the group's callers may still spend in the period",
    who: "caller",
    todo: "ask for less output, wait for the next period, or ask the operator for a higher limit",
  },
  MODEL_UNPRICED: {
    kinds: ["budget"],
    when: "a spend limit holds for the caller, and the price of the model is unknown or in another currency",
    who: "operator",
    todo: "set the price of the model, or `allow_unpriced` in the limits",
  },
  UNFINISHED_REQUESTS: {
    kinds: ["caller-limit"],
    when: "unfinished requests of the connection or the caller hold too many bytes",
    who: "caller",
    todo: "send fewer large requests at a time",
  },
  OPEN_STREAMS: {
    kinds: ["caller-limit"],
    when: "the connection holds 256 streams of health and reflection, or the replica 2,048",
    who: "caller",
    todo: "end streams that nobody reads",
  },
  STREAM_READERS: {
    kinds: ["caller-limit"],
    when: "the stream has `stream.max_readers` readers at this replica",
    who: "caller",
    todo: "end a reader, or read at another replica",
  },
  REQUEST_TIMEOUT: {
    kinds: ["total-timeout"],
    when: "the request was not complete after 60 s",
    who: "caller",
    todo: "send the request faster",
  },
} as const satisfies Readonly<Record<string, ErrorReasonRow>>;
