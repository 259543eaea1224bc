import {
  amount,
  count,
  duration,
  durationOrNone,
  flag,
  object,
  type ReadFields,
  share,
} from "./readers.ts";
import { limitFields } from "./targets.ts";

const backoff = object({ base: duration, last_target_base: duration, cap: duration });

/** The sections `retry`, `budget`, `health`, `limit` and `hedge` of the file. */
export const reliabilityFields = {
  retry: object({
    attempts: count,
    max_attempts: count,
    total_attempts: count,
    max_total_attempts: count,
    transient: backoff,
    throttle: backoff,
    max_wait: duration,
    max_total_delay: duration,
    short_hint: durationOrNone,
  }),
  budget: object({
    capacity: amount,
    transient_cost: amount,
    throttle_cost: amount,
    refill: amount,
    fill: duration,
  }),
  health: object({
    consecutive_failures: count,
    min_span: duration,
    failure_rate: share,
    min_requests: count,
    window: duration,
    ejection: duration,
    max_ejection: duration,
    panic: flag,
    probe_first_token: duration,
    refused: duration,
    quota: duration,
  }),
  limit: object(limitFields),
  hedge: object({ share, min_delay: duration, max_input_tokens: count }),
};

export type ReliabilityFields = ReadFields<typeof reliabilityFields>;
