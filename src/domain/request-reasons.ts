import type { ErrorReasonRow } from "./reason-row.ts";

/** Reasons that concern the request. */
export const requestReasons = {
  INVALID_REQUEST: {
    kinds: ["validation"],
    when: "the request breaks a rule of the contract",
    who: "caller",
    todo: "correct the field that the error names",
  },
  REQUEST_TOO_LARGE: {
    kinds: ["validation"],
    when: "the body of an HTTP request is larger than `limits.request_bytes`",
    who: "caller",
    todo: "send less, or name media by their address",
  },
  PATH_UNKNOWN: {
    kinds: ["not-found"],
    when: "a door has no such path, or not for this HTTP method",
    who: "caller",
    todo: "take a path of the message",
  },
  PREVIOUS_RESPONSE_NOT_FOUND: {
    kinds: ["validation"],
    when: "`previous_response_id` is of no response of the caller's that has ended well and is still stored",
    who: "caller",
    todo: "send the whole input",
  },
  UNSUPPORTED_PARAMETER: {
    kinds: ["validation"],
    when: "no target supports the request",
    who: "caller",
    todo: "leave out the field that the error names, or name a model that supports it",
  },
  CONTEXT_LENGTH_EXCEEDED: {
    kinds: ["context-length"],
    when: "the input and the requested output exceed the context window of every target",
    who: "caller",
    todo: "shorten the input, or name a model with a larger window",
  },
  CONTENT_FILTERED: {
    kinds: ["content-filter"],
    when: "the provider refuses the prompt",
    who: "caller",
    todo: "change the prompt",
  },
  MODEL_NOT_FOUND: {
    kinds: ["not-found"],
    when: "no model has this name, or no provider serves it",
    who: "caller",
    todo: "name a model of `ListModels`",
  },
  PROVIDER_NOT_FOUND: {
    kinds: ["not-found"],
    when: "the configuration has no provider of this name",
    who: "operator",
    todo: "name a provider of `GetProviderStatus`",
  },
  PROVIDER_COUNT_UNAVAILABLE: {
    kinds: ["validation"],
    when: "`method` is PROVIDER, and the provider has no token counter",
    who: "caller",
    todo: "count with the method ESTIMATE",
  },
  REQUEST_BUDGET: {
    kinds: ["budget"],
    when: "the rest of `spec.budget` pays for no target",
    who: "caller",
    todo: "raise the budget, or name a cheaper model",
  },
  REQUEST_ID_REUSED: {
    kinds: ["conflict"],
    when: "`request_id` was used with another request",
    who: "caller",
    todo: "use a new `request_id` for each request",
  },
  RESULT_NOT_KEPT: {
    kinds: ["conflict"],
    when: "an earlier call with this `request_id` succeeded, and its answer was too long to keep",
    who: "caller",
    todo: "generate anew with a new `request_id`",
  },
  FAULTS_DISABLED: {
    kinds: ["validation"],
    when: "the request scripts faults of the simulator, and `faults.allow` is off",
    who: "operator",
    todo: "set `faults.allow: true` on a test system",
  },
} as const satisfies Readonly<Record<string, ErrorReasonRow>>;
