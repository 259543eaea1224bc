// All metrics of the service. The instruments and `docs/metrics.md` are made from these definitions.
import { buckets, simple } from "./metric-definition.ts";
import { attribute } from "./names.ts";
import { streamMetrics } from "./stream-metrics.ts";

/** Buckets that the conventions require, in seconds and tokens. */
const SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const CHUNK_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const ATTEMPTS = [0, 1, 2, 3, 4, 5, 6, 8];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304];
/** The gateway's own share is usually below a millisecond. */
const OVERHEAD_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5,
];
const GAP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const RATES = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const ERRORS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2];

/** Labels shared by the metrics of an attempt. */
const TARGET = [
  attribute.operation,
  attribute.provider,
  attribute.instance,
  attribute.requestModel,
] as const;
const ATTEMPT = [...TARGET, attribute.errorType] as const;

const callMetrics = {
  rpcDuration: buckets(
    ["rpc.server.call.duration", "s", "Duration of a call."],
    [
      attribute.rpcSystem,
      attribute.rpcMethod,
      attribute.rpcStatus,
      attribute.errorType,
      attribute.caller,
    ],
    SECONDS,
  ),
  overhead: buckets(
    ["steer.overhead.duration", "s", "Time of a generation outside of providers and waits."],
    [attribute.stream],
    OVERHEAD_SECONDS,
  ),
  attempts: buckets(
    ["steer.attempts", "{attempt}", "Attempts of a generation."],
    [attribute.stream],
    ATTEMPTS,
  ),
  usageDropped: simple(
    "counter",
    ["steer.usage.dropped", "{record}", "Usage records that their file did not accept."],
    [],
  ),
  ledgerLag: simple(
    "gauge",
    ["steer.ledger.lag", "s", "Age of the oldest call that the ledger's store has not taken."],
    [],
  ),
  eventLoopMean: simple(
    "gauge",
    ["nodejs.eventloop.delay.mean", "s", "Mean delay of the event loop in about the last minute."],
    [],
  ),
  eventLoopP99: simple(
    "gauge",
    ["nodejs.eventloop.delay.p99", "s", "99th percentile of that delay."],
    [],
  ),
  eventLoopMax: simple("gauge", ["nodejs.eventloop.delay.max", "s", "Longest such delay."], []),
};

const limitMetrics = {
  limitsAdmitted: simple(
    "counter",
    ["steer.limits.admitted", "{call}", "Calls that the limits of their callers let pass."],
    [],
  ),
  limitsRefused: simple(
    "counter",
    [
      "steer.limits.refused",
      "{call}",
      "Calls that a limit of their caller has refused, by reason.",
    ],
    [attribute.errorType],
  ),
  limitsNear: simple(
    "counter",
    [
      "steer.limits.near",
      "{limit}",
      "Limits that were used up to their `warn_at`, once a window, by the reason of the refusals to come.",
    ],
    [attribute.errorType],
  ),
  limitsLocal: simple(
    "up-down counter",
    ["steer.limits.local", "1", "1 while this replica counts its share of limits by itself."],
    [],
  ),
  limitsReaped: simple(
    "counter",
    [
      "steer.limits.reaped",
      "{generation}",
      "Lost generations of which the reserved amount counts as used.",
    ],
    [],
  ),
  limitsDropped: simple(
    "counter",
    [
      "steer.limits.dropped",
      "{generation}",
      "Generations whose use did not reach the store: the reserved amount counts.",
    ],
    [],
  ),
};

const attemptMetrics = {
  operationDuration: buckets(
    ["gen_ai.client.operation.duration", "s", "Duration of an attempt at a provider."],
    ATTEMPT,
    SECONDS,
  ),
  tokenUsage: buckets(
    ["gen_ai.client.token.usage", "{token}", "Tokens of an attempt."],
    [...TARGET, attribute.tokenType, attribute.caller],
    TOKENS,
  ),
  cost: simple(
    "counter",
    ["steer.cost", "{currency_unit}", "Cost of attempts, in units of the currency."],
    [...TARGET, attribute.currency, attribute.costSource, attribute.caller],
  ),
  timeToFirstChunk: buckets(
    [
      "gen_ai.client.operation.time_to_first_chunk",
      "s",
      "Time from sending a streamed attempt to its first content.",
    ],
    ATTEMPT,
    SECONDS,
  ),
  timePerOutputChunk: buckets(
    [
      "gen_ai.client.operation.time_per_output_chunk",
      "s",
      "Mean time between the content chunks of a streamed attempt.",
    ],
    ATTEMPT,
    CHUNK_SECONDS,
  ),
  chunkGap: buckets(
    [
      "steer.chunk.gap",
      "s",
      "Time between two content chunks of a streamed attempt: p50, p95 and the longest.",
    ],
    [...ATTEMPT, attribute.quantile],
    GAP_SECONDS,
  ),
  stalls: simple(
    "counter",
    ["steer.chunk.stalls", "{stall}", "Gaps of more than two seconds in the output of a provider."],
    ATTEMPT,
  ),
  chunkRate: buckets(
    ["steer.chunk.rate", "{chunk}/s", "Content chunks per second."],
    ATTEMPT,
    RATES,
  ),
  characterRate: buckets(
    ["steer.character.rate", "{character}/s", "Characters of output text per second."],
    ATTEMPT,
    RATES,
  ),
  jsonDocuments: simple(
    "counter",
    ["steer.json.documents", "{document}", "JSON documents that ended."],
    TARGET,
  ),
  jsonChanges: simple(
    "counter",
    ["steer.json.changes", "{event}", "JSON deltas of streams."],
    TARGET,
  ),
  jsonUnits: simple(
    "counter",
    ["steer.json.units", "{unit}", "UTF-16 units read for JSON."],
    TARGET,
  ),
  jsonMalformed: simple(
    "counter",
    ["steer.json.malformed", "{document}", "JSON documents that never ended."],
    TARGET,
  ),
  tokenEstimates: simple(
    "counter",
    [
      "steer.token.estimates",
      "{estimate}",
      "Texts whose tokens the gateway counted because no provider reported them.",
    ],
    [attribute.instance, attribute.model, attribute.estimator],
  ),
  tokenEstimateError: buckets(
    [
      "steer.token.estimate.error",
      "1",
      "Relative error of the learning estimator, at each report of a provider.",
    ],
    [attribute.instance, attribute.model],
    ERRORS,
  ),
};

const retryMetrics = {
  retryDecisions: simple(
    "counter",
    ["steer.retry.decisions", "{decision}", "Decisions after failed attempts."],
    [attribute.instance, attribute.category, attribute.decision, attribute.decisionReason],
  ),
  retryDelay: buckets(
    ["steer.retry.delay", "s", "Waits between attempts."],
    [attribute.instance],
    SECONDS,
  ),
  circuitState: simple(
    "gauge",
    ["steer.circuit.state", "1", "1 for the state that a circuit is in, 0 for the others."],
    [attribute.instance, attribute.model, attribute.circuitState],
  ),
  retryBudget: simple(
    "gauge",
    ["steer.retry.budget", "1", "Remaining part of the retry budget, 0 to 1."],
    [attribute.instance],
  ),
  inFlight: simple(
    "gauge",
    ["steer.limit.in_flight", "{attempt}", "Running attempts."],
    [attribute.instance],
  ),
  queued: simple(
    "gauge",
    ["steer.limit.queued", "{call}", "Calls that wait for a place."],
    [attribute.instance],
  ),
  hedges: simple(
    "observed counter",
    ["steer.hedges", "{attempt}", "Rival attempts, by delivery of the first content."],
    [attribute.instance, attribute.hedgeWon],
  ),
};

export const metric = {
  ...callMetrics,
  ...limitMetrics,
  ...attemptMetrics,
  ...retryMetrics,
  ...streamMetrics,
};
