import type { UsageSink } from "../../src/usage/usage-sink.ts";

/** Takes usage records and keeps none. */
export const noUsageSink: UsageSink = { record: () => {} };
