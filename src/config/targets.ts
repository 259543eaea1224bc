import { count, duration, restricted, share } from "./readers.ts";
import { object } from "./sections.ts";

/** Limits of time that an instance or a model can have of its own. */
export const targetTimeoutFields = {
  connect: duration,
  first_token: duration,
  first_token_failover: duration,
  answer_failover: duration,
  idle: duration,
  reasoning: duration,
  reasoning_failover: duration,
};

/** `timeouts` of an instance or a model; the total is the call's and not the target's. */
export const targetTimeouts = object(targetTimeoutFields);

/**
 * The section `limit` of the file: calls that run and wait at a target. `limit` of an instance holds for
 * each of its models, and `limit` of a model for that model.
 */
export const targetLimit = object({
  max_in_flight: count,
  queue_length: count,
  queue_wait: duration,
  // A caller with a share of none would never get a place.
  caller_share: restricted(share, (part) => part > 0, "must be above 0, and 1 at most"),
});
