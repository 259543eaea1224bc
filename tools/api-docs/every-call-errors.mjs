// The errors of every call: code, reasons, condition.

export const EVERY_CALL = [
  ["INVALID_ARGUMENT", ["INVALID_REQUEST"], "the request breaks a rule of the contract"],
  [
    "UNAUTHENTICATED",
    ["CREDENTIALS_MISSING", "CREDENTIALS_INVALID"],
    "no key, or a key of no caller of this service",
  ],
  ["UNAUTHENTICATED", ["CREDENTIALS_EXPIRED"], "the key had an end, which has passed"],
  [
    "UNAVAILABLE",
    ["STORE_UNAVAILABLE"],
    "the key has the form of keys that are made at run time, and the store has been away for longer than `caller_store.stale_for`",
  ],
  [
    "UNAUTHENTICATED",
    ["CREDENTIALS_REVOKED"],
    "the operator removed the caller, or revoked the key, while the call ran",
  ],
  ["PERMISSION_DENIED", ["ROLE_REQUIRED"], "the method needs the role operator"],
  [
    "PERMISSION_DENIED",
    ["HOST_NOT_LOCAL"],
    "the service has no callers, and `Host` or `:authority` does not name its machine",
  ],
  [
    "PERMISSION_DENIED",
    ["ORIGIN_NOT_ALLOWED"],
    "the call comes from a web page whose origin is not in `http.cors_origins`",
  ],
  ["UNAVAILABLE", ["DRAINING"], "this replica shuts down; nothing was executed"],
  ["CANCELLED", [], "the caller cancelled the call"],
  ["DEADLINE_EXCEEDED", [], "the caller's deadline has passed"],
  ["DEADLINE_EXCEEDED", ["REQUEST_TIMEOUT"], "the request was not complete after 60 s"],
  [
    "RESOURCE_EXHAUSTED",
    ["UNFINISHED_REQUESTS"],
    "unfinished requests of the connection or the caller hold too many bytes",
  ],
  [
    "RESOURCE_EXHAUSTED",
    ["OPEN_STREAMS"],
    "the connection or the replica has too many streams of health and reflection",
  ],
  [
    "RESOURCE_EXHAUSTED",
    [],
    "the request is larger than the method allows, or inflates to more than 1 MiB and 100 times its bytes. See `limits.request_bytes`",
  ],
  ["INTERNAL", ["INTERNAL"], "a defect of the service"],
];
