import type { LimitSettings } from "../domain/limit-settings.ts";
import type { TargetTimeouts } from "../domain/model.ts";
import { ConfigProblem, count, duration, object, type Reader, reshaped, share } from "./readers.ts";

/** Limits of time that an instance or a model can have of its own. */
const targetTimeoutFields = {
  connect: duration,
  first_token: duration,
  first_token_failover: duration,
  answer_failover: duration,
  idle: duration,
  reasoning: duration,
  reasoning_failover: duration,
};

/** The section `timeouts` of the file. */
export const timeoutFields = { ...targetTimeoutFields, total: duration, max_total: duration };

const ownTimeouts = object(targetTimeoutFields);

/** `timeouts` of an instance or a model; the total is the call's and not the target's. */
export const targetTimeouts = reshaped(ownTimeouts, (value, path): TargetTimeouts => {
  const given = ownTimeouts(value, path);
  return {
    ...(given.connect !== undefined && { connectMs: given.connect }),
    ...(given.first_token !== undefined && { firstTokenMs: given.first_token }),
    ...(given.first_token_failover !== undefined && {
      firstTokenFailoverMs: given.first_token_failover,
    }),
    ...(given.answer_failover !== undefined && { answerFailoverMs: given.answer_failover }),
    ...(given.idle !== undefined && { idleMs: given.idle }),
    ...(given.reasoning !== undefined && { reasoningMs: given.reasoning }),
    ...(given.reasoning_failover !== undefined && {
      reasoningFailoverMs: given.reasoning_failover,
    }),
  };
});

/** Nobody could be given a place of none. */
const positiveShare: Reader<number> = (value, path) => {
  const number = share(value, path);
  if (number > 0) return number;
  throw new ConfigProblem(path, "must be above 0, and 1 at most");
};

/** The section `limit` of the file. */
export const limitFields = {
  max_in_flight: count,
  queue_length: count,
  queue_wait: duration,
  caller_share: positiveShare,
};

/** Calls that run and wait at a target; what is unset is the next wider section's. */
export type TargetLimit = Partial<LimitSettings>;

const ownLimit = object(limitFields);

/** `limit` of an instance, which holds for each of its models, or of one model. */
export const targetLimit = reshaped(ownLimit, (value, path): TargetLimit => {
  const given = ownLimit(value, path);
  return {
    ...(given.max_in_flight !== undefined && { maxInFlight: given.max_in_flight }),
    ...(given.queue_length !== undefined && { queueLength: given.queue_length }),
    ...(given.queue_wait !== undefined && { queueWaitMs: given.queue_wait }),
    ...(given.caller_share !== undefined && { callerShare: given.caller_share }),
  };
});
