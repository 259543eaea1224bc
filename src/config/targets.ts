import { count, duration, restricted, share } from "./readers.ts";
import { object } from "./sections.ts";

/** Time limits that an instance or a model can have itself. */
export const targetTimeoutFields = {
  connect: duration,
  first_token: duration,
  first_token_failover: duration,
  answer_failover: duration,
  idle: duration,
  reasoning: duration,
  reasoning_failover: duration,
};

/** `timeouts` of an instance or a model. The total limit belongs to the call, not to the target. */
export const targetTimeouts = object(targetTimeoutFields);

/**
 * The section `limit` of the file: running and waiting calls of a target. `limit` of an instance applies to each of
 * its models, and `limit` of a model to that model.
 */
export const targetLimit = object({
  max_in_flight: count,
  queue_length: count,
  queue_wait: duration,
  // A caller with a share of 0 would never get a place.
  caller_share: restricted(share, (part) => part > 0, "must be above 0, and 1 at most"),
});
