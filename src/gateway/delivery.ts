import type { AttemptNotice } from "../domain/generation.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { AttemptRecord } from "../output/attempt-record.ts";

/** Where the events of a generation go. */
export interface Delivery {
  /** The caller would see something of this event. */
  commits(event: ProviderEvent, record: AttemptRecord): boolean;
  /** A promise holds the provider back until it resolves. */
  deliver(event: ProviderEvent, record: AttemptRecord): Promise<void> | undefined;
  notice(notice: AttemptNotice): void;
  /** JSON statistics of the current attempt's output; undefined: the caller asked for none. */
  json(): JsonStatistics | undefined;
}

/** Deliveries of a call that answers as a whole: the caller sees nothing before the end. */
export const NO_DELIVERY: Delivery = {
  commits: () => false,
  deliver: () => undefined,
  notice: () => {},
  json: () => undefined,
};
