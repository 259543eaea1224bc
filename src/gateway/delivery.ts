import type { AttemptNotice } from "../domain/generation.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { AttemptRecord } from "../output/attempt-record.ts";

/** Receives the events of a generation. */
export interface Delivery {
  /** Whether the caller would receive output with this event. */
  commits(event: ProviderEvent, record: AttemptRecord): boolean;
  /** Delivers an event. A returned promise makes the provider wait until it resolves. */
  deliver(event: ProviderEvent, record: AttemptRecord): Promise<void> | undefined;
  notice(notice: AttemptNotice): void;
  /** JSON statistics of the current attempt's output; undefined: the caller requested none. */
  json(): JsonStatistics | undefined;
}

/** The delivery of a call with a whole answer, which shows nothing before the end. */
export const NO_DELIVERY: Delivery = {
  commits: () => false,
  deliver: () => undefined,
  notice: () => {},
  json: () => undefined,
};
