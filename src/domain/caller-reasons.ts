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
  CREDENTIALS_EXPIRED: {
    kinds: ["unauthenticated"],
    when: "the key had an end, which has passed",
    who: "caller",
    todo: "ask the operator for another key",
  },
  MODEL_NOT_ALLOWED: {
    kinds: ["permission-denied"],
    when: "the lists `models` and `providers` of the caller or of its group admit no target of the request",
    who: "operator",
    todo: "add the model or the provider to the list that the error names",
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
  CALLER_NOT_FOUND: {
    kinds: ["not-found"],
    when: "there is no caller of this identifier",
    who: "operator",
    todo: "list the callers",
  },
  GROUP_NOT_FOUND: {
    kinds: ["not-found"],
    when: "there is no group of this identifier",
    who: "operator",
    todo: "create the group, or list the groups",
  },
  KEY_NOT_FOUND: {
    kinds: ["not-found"],
    when: "there is no key of this prefix",
    who: "operator",
    todo: "list the keys of the caller",
  },
  CALLER_EXISTS: {
    kinds: ["conflict"],
    when: "there is a caller of this identifier already",
    who: "operator",
    todo: "update the caller, or choose another identifier",
  },
  GROUP_EXISTS: {
    kinds: ["conflict"],
    when: "there is a group of this identifier already",
    who: "operator",
    todo: "update the group, or choose another identifier",
  },
  CONFIGURED_CALLER: {
    kinds: ["conflict"],
    when: "the caller or the group stands in the configuration, which the API does not change",
    who: "operator",
    todo: "change the configuration and reload it",
  },
  LAST_OPERATOR: {
    kinds: ["conflict"],
    when: "the change would leave no operator with a key that has no end",
    who: "operator",
    todo: "make another operator first, or force the change",
  },
  GROUP_IN_USE: {
    kinds: ["conflict"],
    when: "the group has callers",
    who: "operator",
    todo: "change or delete its callers first",
  },
  CALLER_STORE_FULL: {
    kinds: ["caller-limit"],
    when: "there are as many callers, groups or keys as the service keeps",
    who: "operator",
    todo: "delete some",
  },
  REQUEST_TIMEOUT: {
    kinds: ["total-timeout"],
    when: "the request was not complete after 60 s",
    who: "caller",
    todo: "send the request faster",
  },
} as const satisfies Readonly<Record<string, ErrorReasonRow>>;
