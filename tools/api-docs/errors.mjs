// The errors of each method beside those of every call: code, reasons, condition.

const MODEL = [
  "NOT_FOUND",
  ["MODEL_NOT_FOUND"],
  "no model of this name, or its provider is switched off",
];
const STREAM = [
  "NOT_FOUND",
  ["STREAM_NOT_FOUND", "STREAM_EXPIRED"],
  "no such stream of this caller, or its retention is over",
];
const STATE = [
  "NOT_FOUND",
  ["STREAM_NOT_FOUND", "STREAM_EXPIRED"],
  "no such stream, or its retention is over",
];
const UNSUPPORTED = [
  "INVALID_ARGUMENT",
  ["UNSUPPORTED_PARAMETER"],
  "no target supports the request",
];
const STORE = ["UNAVAILABLE", ["STORE_UNAVAILABLE"], "the stream store does not answer"];
const ALLOWED = [
  "PERMISSION_DENIED",
  ["MODEL_NOT_ALLOWED"],
  "a list of the caller or of its group admits no target of the request; the error names the list",
];
const CALLER = ["NOT_FOUND", ["CALLER_NOT_FOUND"], "no caller of this identifier"];
const GROUP = ["NOT_FOUND", ["GROUP_NOT_FOUND"], "no group of this identifier"];
const KEY = ["NOT_FOUND", ["KEY_NOT_FOUND"], "no key of this prefix"];
const CONFIGURED = [
  "FAILED_PRECONDITION",
  ["CONFIGURED_CALLER"],
  "the caller or the group stands in the configuration",
];
const LAST = [
  "FAILED_PRECONDITION",
  ["LAST_OPERATOR"],
  "no operator with a key without an end would be left, and `force` is not set",
];
const FULL = [
  "RESOURCE_EXHAUSTED",
  ["CALLER_STORE_FULL"],
  "there are as many callers, groups or keys as the service keeps",
];
const PAGE = ["INVALID_ARGUMENT", ["INVALID_REQUEST"], "`page_token` is not one of this list"];
const CREDENTIALS = [
  "FAILED_PRECONDITION",
  ["PROVIDER_NOT_CONFIGURED", "PROVIDER_CREDENTIALS"],
  "the gateway has no key for the provider, or the provider refuses it",
];

/** Errors of the methods that generate. */
export const GENERATION = [
  MODEL,
  ALLOWED,
  UNSUPPORTED,
  [
    "INVALID_ARGUMENT",
    ["CONTEXT_LENGTH_EXCEEDED"],
    "the input and the requested output exceed the context window",
  ],
  ["INVALID_ARGUMENT", ["CONTENT_FILTERED"], "the provider refuses the prompt"],
  CREDENTIALS,
  [
    "FAILED_PRECONDITION",
    ["FAULTS_DISABLED"],
    "the simulator's faults are scripted and not allowed",
  ],
  ["ALREADY_EXISTS", ["REQUEST_ID_REUSED"], "`request_id` was used with another request"],
  [
    "RESOURCE_EXHAUSTED",
    ["PROVIDER_RATE_LIMIT", "PROVIDER_QUOTA"],
    "every target has reached a limit of its provider",
  ],
  ["RESOURCE_EXHAUSTED", ["REQUEST_BUDGET"], "the request's own budget does not pay for it"],
  [
    "RESOURCE_EXHAUSTED",
    ["REQUESTS_LIMIT", "TOKENS_LIMIT", "CONCURRENCY_LIMIT", "SPEND_LIMIT"],
    "a limit of the caller is reached",
  ],
  [
    "RESOURCE_EXHAUSTED",
    ["GROUP_REQUESTS_LIMIT", "GROUP_TOKENS_LIMIT", "GROUP_CONCURRENCY_LIMIT", "GROUP_SPEND_LIMIT"],
    "a limit of the caller's group is reached",
  ],
  [
    "RESOURCE_EXHAUSTED",
    ["MODEL_UNPRICED"],
    "a spend limit holds for the caller, and the price of the model is unknown",
  ],
  ["UNAVAILABLE", ["OVERLOADED"], "the gateway accepts no more calls; nothing was executed"],
  [
    "UNAVAILABLE",
    [
      "PROVIDER_ERROR",
      "PROVIDER_CONNECTION",
      "PROVIDER_OVERLOADED",
      "PROVIDER_TIMEOUT",
      "PROVIDER_TRUNCATED",
    ],
    "no attempt succeeded; the reason is that of the last one, `attempts` lists the failure of each",
  ],
  [
    "UNAVAILABLE",
    ["PROVIDER_TLS"],
    "no attempt succeeded, and TLS with the provider fails because of its certificate or the gateway's",
  ],
  [
    "UNAVAILABLE",
    ["PROXY_CONNECTION", "PROXY_REFUSED"],
    "no attempt succeeded, and the proxy to the provider cannot be reached or opens no tunnel",
  ],
  [
    "UNAVAILABLE",
    ["ATTEMPTS_EXHAUSTED"],
    "no attempt succeeded, and the call has used up its attempts, two or more",
  ],
  ["UNAVAILABLE", ["CIRCUIT_OPEN"], "no target has a closed circuit"],
  [
    "UNAVAILABLE",
    ["OWNER_LOST"],
    "the replica of the generation was lost, and no other could continue",
  ],
  STORE,
  ["DEADLINE_EXCEEDED", ["TOTAL_TIMEOUT"], "`timeouts.total` or the deadline has passed"],
  [
    "DEADLINE_EXCEEDED",
    ["DELIVERY_DEADLINE"],
    "the deadline of a stream's call is about to pass; the stream continues and can be resumed",
  ],
  [
    "ABORTED",
    ["OUTPUT_NOT_JSON", "OUTPUT_SCHEMA_MISMATCH"],
    "the output does not have the requested format, and `on_invalid` makes this an error",
  ],
  [
    "CANCELLED",
    ["CANCELLED_BY_CALLER", "CANCELLED_BY_OPERATOR", "CANCELLED_BY_DISCONNECT"],
    "the generation was cancelled",
  ],
  ["INTERNAL", ["PROVIDER_PROTOCOL"], "the provider broke its own protocol"],
  ["UNKNOWN", ["UNCLASSIFIED"], "the provider failed in a way that fits no other reason"],
];

const LOG = [
  [
    "RESOURCE_EXHAUSTED",
    ["STREAM_TOO_LARGE"],
    "the stream has reached its bound of events or bytes",
  ],
  [
    "RESOURCE_EXHAUSTED",
    ["STREAM_READERS"],
    "the stream has `stream.max_readers` readers at this replica",
  ],
  ["DATA_LOSS", ["STREAM_LOG_INCOMPLETE"], "the store lost events that were delivered"],
  [
    "FAILED_PRECONDITION",
    ["OUTPUT_DISCARDED"],
    "the stream voids output that the reader has, and the reader does not set `accepts_discard`",
  ],
];

/** Methods whose calls can also end with the errors of a generation. */
export const GENERATING = new Set([
  "steer.v1.GenerationService.Generate",
  "steer.v1.GenerationService.StreamGenerate",
  "steer.v1.GenerationService.ResumeStream",
]);

export const METHODS = {
  "steer.v1.GenerationService.Generate": [
    [
      "FAILED_PRECONDITION",
      ["RESULT_NOT_KEPT"],
      "an earlier call with this `request_id` succeeded, and its answer was too long to keep",
    ],
  ],
  "steer.v1.GenerationService.StreamGenerate": LOG,
  "steer.v1.GenerationService.ResumeStream": [
    STREAM,
    ["FAILED_PRECONDITION", ["STREAM_NOT_RESUMABLE"], "the stream is not stored"],
    ["OUT_OF_RANGE", ["SEQUENCE_AHEAD"], "`last_sequence` is beyond the stream's last event"],
    ...LOG,
  ],
  "steer.v1.GenerationService.CancelGeneration": [STREAM, STORE],
  "steer.v1.GenerationService.CountTokens": [
    MODEL,
    ALLOWED,
    UNSUPPORTED,
    [
      "FAILED_PRECONDITION",
      ["PROVIDER_COUNT_UNAVAILABLE"],
      "`method` is PROVIDER, and the provider has no token counter",
    ],
    CREDENTIALS,
    [
      "RESOURCE_EXHAUSTED",
      ["PROVIDER_RATE_LIMIT", "PROVIDER_QUOTA"],
      "the provider's counter has reached a limit",
    ],
    [
      "UNAVAILABLE",
      ["PROVIDER_ERROR", "PROVIDER_CONNECTION", "PROVIDER_OVERLOADED", "PROVIDER_TIMEOUT"],
      "the provider's counter does not answer",
    ],
  ],
  "steer.v1.ModelService.ListModels": [PAGE],
  "steer.v1.ModelService.GetModel": [MODEL, ALLOWED],
  "steer.admin.v1.CallerService.CreateCaller": [
    ["ALREADY_EXISTS", ["CALLER_EXISTS"], "there is a caller of this identifier already"],
    GROUP,
    FULL,
    STORE,
  ],
  "steer.admin.v1.CallerService.GetCaller": [CALLER, STORE],
  "steer.admin.v1.CallerService.ListCallers": [PAGE, STORE],
  "steer.admin.v1.CallerService.UpdateCaller": [CALLER, GROUP, CONFIGURED, LAST, STORE],
  "steer.admin.v1.CallerService.DeleteCaller": [CALLER, CONFIGURED, LAST, STORE],
  "steer.admin.v1.CallerService.CreateKey": [CALLER, CONFIGURED, FULL, STORE],
  "steer.admin.v1.CallerService.ListKeys": [CALLER, CONFIGURED, STORE],
  "steer.admin.v1.CallerService.RevokeKey": [KEY, LAST, STORE],
  "steer.admin.v1.CallerService.CreateGroup": [
    ["ALREADY_EXISTS", ["GROUP_EXISTS"], "there is a group of this identifier already"],
    FULL,
    STORE,
  ],
  "steer.admin.v1.CallerService.GetGroup": [GROUP, STORE],
  "steer.admin.v1.CallerService.ListGroups": [PAGE, STORE],
  "steer.admin.v1.CallerService.UpdateGroup": [GROUP, CONFIGURED, STORE],
  "steer.admin.v1.CallerService.DeleteGroup": [
    GROUP,
    CONFIGURED,
    ["FAILED_PRECONDITION", ["GROUP_IN_USE"], "the group has callers"],
    STORE,
  ],
  "steer.admin.v1.ActivityService.WatchActivity": [
    ["RESOURCE_EXHAUSTED", ["OPEN_STREAMS"], "200 calls watch the replica already"],
  ],
  "steer.admin.v1.ActivityService.ListRecentCalls": [PAGE],
  "steer.admin.v1.UsageService.QueryUsage": [
    ["PERMISSION_DENIED", ["ROLE_REQUIRED"], "the scope ALL needs the role operator"],
    [
      "RESOURCE_EXHAUSTED",
      ["CALLER_RATE_LIMIT"],
      "two questions of the caller about usage run at this replica, or eight of all callers",
    ],
    STORE,
  ],
  "steer.admin.v1.AdminService.ListStreamStates": [PAGE, STORE],
  "steer.admin.v1.AdminService.GetStreamState": [STATE, STORE],
  "steer.admin.v1.AdminService.CancelStream": [STATE, STORE],
  "steer.admin.v1.AdminService.CleanupStreamStates": [STORE],
  "steer.admin.v1.AdminService.GetProviderStatus": [
    ["NOT_FOUND", ["PROVIDER_NOT_FOUND"], "a provider that is not configured"],
  ],
  "steer.admin.v1.AdminService.ResetCircuit": [
    [
      "NOT_FOUND",
      ["PROVIDER_NOT_FOUND", "MODEL_NOT_FOUND"],
      "a provider or model that is not configured",
    ],
  ],
  "steer.admin.v1.AdminService.GetRetryMetrics": [
    ["NOT_FOUND", ["PROVIDER_NOT_FOUND"], "a provider that is not configured"],
  ],
};
