import type { GenerationSpec } from "../../domain/generation-spec.ts";

/** Defaults for settings that no dialect has. The request's wishes replace them. */
export const DOOR_DEFAULTS = {
  routing: {
    fallbacks: [],
    strategy: "ordered",
    allowedProviders: [],
    deniedProviders: [],
    unsupportedParameters: "drop",
    failoverOn: [],
    disableFailover: false,
    // A client of another API cannot drop received text.
    midStreamRecovery: "continue",
  },
  retry: { retryOn: [] },
  timeouts: {},
  providerOptions: {},
  labels: {},
} as const satisfies Partial<GenerationSpec>;
