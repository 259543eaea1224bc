// Keys of retries, circuits, limits and timeouts. `docs/reliability.md` explains each default.
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
    meaning: "upper bound of attempts at one target in a request",
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
    meaning: "upper bound of attempts of one call in a request",
  },
  {
    key: "retry.transient.base",
    values: DURATION,
    default: "50ms",
    meaning:
      "first wait after a transient failure; each further wait is twice as long, with jitter",
  },
  {
    key: "retry.transient.last_target_base",
    values: DURATION,
    defaultInWords: "10 × `base`",
    meaning: "the first wait if no other target is open",
  },
  {
    key: "retry.transient.cap",
    values: DURATION,
    default: "2s",
    meaning: "longest wait after a transient failure",
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
    meaning: "the first wait if no other target is open",
  },
  {
    key: "retry.throttle.cap",
    values: DURATION,
    default: "20s",
    meaning: "longest wait after a rate limit without a hint",
  },
  {
    key: "retry.max_wait",
    values: DURATION,
    default: "60s",
    meaning: "longest single wait, including waits that a provider asks for",
  },
  {
    key: "retry.max_total_delay",
    values: DURATION,
    default: "60s",
    meaning: "all waits of one call together; a request's `max_total_delay` overrides it",
  },
  {
    key: "retry.short_hint",
    values: `${DURATION}, or \`0s\``,
    default: "2500ms",
    meaning:
      "longest wait, asked for by a provider, that is waited for although another target is open",
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
    meaning: "tokens that a repetition after a transient failure costs",
  },
  {
    key: "budget.throttle_cost",
    values: AMOUNT,
    default: "5",
    meaning: "tokens that a repetition after a rate limit costs",
  },
  {
    key: "budget.refill",
    values: AMOUNT,
    default: "1.4",
    meaning: "tokens returned by each attempt that is not a retry and reaches content",
  },
  {
    key: "budget.fill",
    values: DURATION,
    default: "60s",
    meaning: "time in which an empty budget refills by itself",
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
    meaning: "shortest time between first and last failure that opens a circuit",
  },
  {
    key: "health.failure_rate",
    values: SHARE,
    default: "0.5",
    meaning: "share of failed calls in `window` that opens the circuit",
  },
  {
    key: "health.min_requests",
    values: COUNT,
    default: "10",
    meaning: "fewest calls in `window` for the rate",
  },
  {
    key: "health.window",
    values: DURATION,
    default: "2m",
    meaning: "time over which the rate is measured",
  },
  {
    key: "health.ejection",
    values: `${DURATION}, no longer than \`max_ejection\``,
    default: "10s",
    meaning: "first time that a circuit stays open; each further time is twice as long",
  },
  {
    key: "health.max_ejection",
    values: DURATION,
    default: "30s",
    meaning: "longest time that a circuit stays open",
  },
  {
    key: "health.panic",
    values: FLAG,
    default: "true",
    meaning:
      "if all targets of a call are ejected, one probe at a time is still sent; `false`: calls fail at once",
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
    meaning: "time for which an instance is not used after its credential was refused",
  },
  {
    key: "health.quota",
    values: DURATION,
    default: "10m",
    meaning: "time for which an instance is not used after its quota was used up",
  },
  {
    key: "limit.max_in_flight",
    values: COUNT,
    default: "512",
    meaning: "concurrent calls at one model of one instance",
  },
  {
    key: "limit.queue_length",
    values: COUNT,
    default: "512",
    meaning: "calls that wait for a place at one model of one instance",
  },
  {
    key: "limit.queue_wait",
    values: DURATION,
    default: "5s",
    meaning: "longest wait for a place; at most a quarter of the caller's time",
  },
  {
    key: "limit.caller_share",
    values: "number above 0 to 1",
    defaultInWords: "`0.75`; `1` where there is one caller",
    meaning: "share of the places that a single active caller gets",
  },
  {
    key: "hedge.share",
    values: SHARE,
    default: "0.05",
    meaning: "most hedges, as a share of the calls, if requests ask for hedges",
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
    meaning: "largest request, in input tokens, that is hedged",
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
    meaning: "from the request to the first content, if no other target is left",
  },
  {
    key: "timeouts.first_token_failover",
    values: DURATION,
    default: "10s",
    meaning:
      "from the request to the first content, while another target is left: see [reliability.md](reliability.md#silence)",
  },
  {
    key: "timeouts.answer_failover",
    values: DURATION,
    default: "60s",
    meaning: "an answer that is delivered as a whole, while another target is left",
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
    meaning: "upper bound of `total` in a request",
  },
];
