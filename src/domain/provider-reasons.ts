import type { ErrorReasonRow } from "./reason-row.ts";

/** Reasons that concern providers and their answers. */
export const providerReasons = {
  PROVIDER_NOT_CONFIGURED: {
    kinds: ["provider-authentication"],
    when: "the gateway has no key for the provider",
    who: "operator",
    todo: "set the key",
  },
  PROVIDER_CREDENTIALS: {
    kinds: ["provider-authentication", "provider-permission"],
    when: "the provider refuses the key, or the key lacks a permission",
    who: "operator",
    todo: "correct the key or its permissions",
  },
  PROVIDER_RATE_LIMIT: {
    kinds: ["rate-limit"],
    when: "every target has reached a rate limit of its provider",
    who: "caller",
    todo: "repeat the call after the pause that the error names",
  },
  PROVIDER_QUOTA: {
    kinds: ["quota"],
    when: "the quota or the balance at the provider is used up",
    who: "operator",
    todo: "raise the quota",
  },
  PROVIDER_OVERLOADED: {
    kinds: ["provider-overloaded"],
    when: "the provider reports overload",
    who: "caller",
    todo: "repeat the call later",
  },
  PROVIDER_ERROR: {
    kinds: ["server-error"],
    when: "the provider failed",
    who: "caller",
    todo: "repeat the call later",
  },
  PROVIDER_CONNECTION: {
    kinds: ["network"],
    when: "the connection to the provider failed",
    who: "caller",
    todo: "repeat the call later",
  },
  PROVIDER_TLS: {
    kinds: ["network"],
    when: "TLS with the provider fails because of its certificate or the gateway's",
    who: "operator",
    todo: "correct the certificates or `providers[].tls`",
  },
  PROXY_CONNECTION: {
    kinds: ["network"],
    when: "the proxy to the provider cannot be reached",
    who: "operator",
    todo: "check the proxy and `HTTPS_PROXY`",
  },
  PROXY_REFUSED: {
    kinds: ["network"],
    when: "the proxy to the provider opens no tunnel",
    who: "operator",
    todo: "check the proxy and its credential",
  },
  PROVIDER_TIMEOUT: {
    kinds: ["connect-timeout", "first-token-timeout", "idle-timeout"],
    when: "the provider was silent for too long",
    who: "caller",
    todo: "repeat the call later",
  },
  PROVIDER_TRUNCATED: {
    kinds: ["truncated"],
    when: "the answer of the provider ended too early, or was empty",
    who: "caller",
    todo: "repeat the call",
  },
  PROVIDER_PROTOCOL: {
    kinds: ["protocol"],
    when: "the provider broke its own protocol",
    who: "operator",
    todo: "check `provider error` in the log",
  },
  ATTEMPTS_EXHAUSTED: {
    kinds: ["server-error", "network", "provider-overloaded"],
    when: "the last of two or more attempts failed, and the call has no attempt left",
    who: "caller",
    todo: "repeat the call later; `attempts` lists the failure of each",
  },
  CIRCUIT_OPEN: {
    kinds: ["circuit-open"],
    when: "no target has a closed circuit",
    who: "caller",
    todo: "repeat the call after the pause that the error names",
  },
  RETRY_BUDGET: {
    kinds: ["gateway-overloaded"],
    when: "only in `attempts`: an attempt was SKIPPED because repetitions or failovers at its target have used up their budget",
    who: "nobody",
  },
  OUTPUT_NOT_JSON: {
    kinds: ["invalid-output"],
    when: "the output is not JSON, and `on_invalid` makes this an error; otherwise a warning",
    who: "caller",
    todo: "repeat the call, or set `on_invalid` to RETRY",
  },
  OUTPUT_SCHEMA_MISMATCH: {
    kinds: ["invalid-output"],
    when: "the output breaks the schema, and `on_invalid` makes this an error; otherwise a warning",
    who: "caller",
    todo: "repeat the call, or set `on_invalid` to RETRY",
  },
  UNCLASSIFIED: {
    kinds: ["unknown"],
    when: "the provider failed in a way that fits no other reason",
    who: "operator",
    todo: "check `provider error` in the log",
  },
} as const satisfies Readonly<Record<string, ErrorReasonRow>>;
