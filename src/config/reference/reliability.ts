// Keys of retries, circuits, limits and timeouts. `docs/reliability.md` says why each default is what it is.
import { COUNT, DURATION, FLAG, type KeyRow } from "./key-row.ts";

const AMOUNT = "number from 0";
const SHARE = "number from 0 to 1";

export const retryKeys: readonly KeyRow[] = [
  {
    key: "retry.attempts",
    values: `${COUNT} to \`max_attempts\``,
    default: "3",
    meaning: "attempts at one target",
  },
  {
    key: "retry.max_attempts",
    values: COUNT,
    default: "5",
    meaning: "most attempts at one target that a request can ask for",
  },
  {
    key: "retry.total_attempts",
    values: `${COUNT} to \`max_total_attempts\``,
    default: "4",
    meaning: "attempts of one call at all targets",
  },
  {
    key: "retry.max_total_attempts",
    values: COUNT,
    default: "8",
    meaning: "most attempts of one call that a request can ask for",
  },
  {
    key: "retry.transient.base",
    values: DURATION,
    default: "50ms",
    meaning: "first wait after a passing failure; each further one is twice as long, with jitter",
  },
  {
    key: "retry.transient.last_target_base",
    values: DURATION,
    defaultInWords: "10 × `base`",
    meaning: "the same where no other target is open",
  },
  {
    key: "retry.transient.cap",
    values: DURATION,
    default: "2s",
    meaning: "longest wait after a passing failure",
  },
  {
    key: "retry.throttle.base",
    values: DURATION,
    default: "1s",
    meaning: "first wait after a rate limit or an overload",
  },
  {
    key: "retry.throttle.last_target_base",
    values: DURATION,
    defaultInWords: "`base`",
    meaning: "the same where no other target is open",
  },
  {
    key: "retry.throttle.cap",
    values: DURATION,
    default: "20s",
    meaning: "longest wait after a rate limit that says no time",
  },
  {
    key: "retry.max_wait",
    values: DURATION,
    default: "60s",
    meaning: "longest single wait, also of one that a provider asks for",
  },
  {
    key: "retry.max_total_delay",
    values: DURATION,
    default: "60s",
    meaning: "all waits of one call; a request's `max_total_delay` stands in place of it",
  },
  {
    key: "retry.short_hint",
    values: `${DURATION}, or \`0s\``,
    default: "2500ms",
    meaning: "a provider's wait up to this is waited for while another target is open",
  },
  {
    key: "budget.capacity",
    values: AMOUNT,
    default: "500",
    meaning: "tokens of an instance's retry budget",
  },
  {
    key: "budget.transient_cost",
    values: AMOUNT,
    default: "14",
    meaning: "price of a repetition after a passing failure",
  },
  {
    key: "budget.throttle_cost",
    values: AMOUNT,
    default: "5",
    meaning: "price of a repetition after a rate limit",
  },
  {
    key: "budget.refill",
    values: AMOUNT,
    default: "1.4",
    meaning: "given back by each attempt that is no retry and reaches content",
  },
  {
    key: "budget.fill",
    values: DURATION,
    default: "60s",
    meaning: "time in which an empty budget fills by itself",
  },
];

export const healthKeys: readonly KeyRow[] = [
  {
    key: "health.consecutive_failures",
    values: COUNT,
    default: "5",
    meaning: "failures in a row that open the circuit of a target",
  },
  {
    key: "health.min_span",
    values: DURATION,
    default: "1s",
    meaning: "failures that lie closer together are one blip and open no circuit",
  },
  {
    key: "health.failure_rate",
    values: SHARE,
    default: "0.5",
    meaning: "part of the calls in `window` whose failure opens the circuit",
  },
  {
    key: "health.min_requests",
    values: COUNT,
    default: "10",
    meaning: "calls in `window` that the rate needs",
  },
  {
    key: "health.window",
    values: DURATION,
    default: "2m",
    meaning: "time that the rate looks at",
  },
  {
    key: "health.ejection",
    values: `${DURATION}, no longer than \`max_ejection\``,
    default: "10s",
    meaning: "how long a circuit stays open at first; each further time is twice as long",
  },
  {
    key: "health.max_ejection",
    values: DURATION,
    default: "30s",
    meaning: "longest time for which a circuit stays open",
  },
  {
    key: "health.panic",
    values: FLAG,
    default: "true",
    meaning:
      "where all targets of a call are out, they are tried all the same; `false` fails at once",
  },
  {
    key: "health.probe_first_token",
    values: DURATION,
    default: "15s",
    meaning: "first-token limit of the call that probes an open circuit",
  },
  {
    key: "health.refused",
    values: DURATION,
    default: "5m",
    meaning: "how long an instance is out whose credential was refused",
  },
  {
    key: "health.quota",
    values: DURATION,
    default: "10m",
    meaning: "how long an instance is out whose quota is used up",
  },
  {
    key: "limit.max_in_flight",
    values: COUNT,
    default: "512",
    meaning: "calls that run at one model of one instance",
  },
  {
    key: "limit.queue_length",
    values: COUNT,
    default: "512",
    meaning: "calls that wait for a place there",
  },
  {
    key: "limit.queue_wait",
    values: DURATION,
    default: "5s",
    meaning: "longest wait for a place, and at most a quarter of the caller's time",
  },
  {
    key: "limit.caller_share",
    values: "number above 0 to 1",
    defaultInWords: "`0.75`; `1` where there is one caller",
    meaning: "part of the places that one caller gets while the caller is alone",
  },
  {
    key: "hedge.share",
    values: SHARE,
    default: "0.05",
    meaning: "most hedges as a part of the calls, where requests ask for hedges",
  },
  {
    key: "hedge.min_delay",
    values: DURATION,
    default: "500ms",
    meaning: "shortest silence before a hedge",
  },
  {
    key: "hedge.max_input_tokens",
    values: COUNT,
    default: "32000",
    meaning: "larger requests are not hedged",
  },
];

export const timeoutKeys: readonly KeyRow[] = [
  {
    key: "timeouts.connect",
    values: DURATION,
    default: "5s",
    meaning: "connection to a provider, TLS included",
  },
  {
    key: "timeouts.first_token",
    values: DURATION,
    default: "30s",
    meaning: "from the request to the first content where no other target is left",
  },
  {
    key: "timeouts.first_token_failover",
    values: DURATION,
    default: "10s",
    meaning: "the same while another target is left: see [reliability.md](reliability.md#silence)",
  },
  {
    key: "timeouts.answer_failover",
    values: DURATION,
    default: "60s",
    meaning: "the same for an answer that comes as a whole",
  },
  {
    key: "timeouts.idle",
    values: DURATION,
    default: "30s",
    meaning: "between two pieces of content; pings and empty deltas do not count",
  },
  {
    key: "timeouts.reasoning",
    values: DURATION,
    default: "120s",
    meaning: "`first_token` and `idle` of models that reason",
  },
  {
    key: "timeouts.reasoning_failover",
    values: DURATION,
    default: "30s",
    meaning: "`first_token_failover` of models that reason",
  },
  {
    key: "timeouts.total",
    values: `${DURATION}, no longer than \`max_total\``,
    default: "600s",
    meaning: "a whole generation with all attempts and waits",
  },
  {
    key: "timeouts.max_total",
    values: DURATION,
    default: "3600s",
    meaning: "longest total that a request can ask for",
  },
];
