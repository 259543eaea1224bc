import type { GenerationSpec } from "../../domain/generation-spec.ts";

/** What no dialect has a word for: the request's own wishes stand in place of these. */
export const DOOR_DEFAULTS = {
  routing: {
    fallbacks: [],
    strategy: "ordered",
    allowedProviders: [],
    deniedProviders: [],
    unsupportedParameters: "drop",
    failoverOn: [],
    disableFailover: false,
    // A client of another API cannot drop a text that it has been given.
    midStreamRecovery: "continue",
  },
  retry: { retryOn: [] },
  timeouts: {},
  providerOptions: {},
  labels: {},
} as const satisfies Partial<GenerationSpec>;
