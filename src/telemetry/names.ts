// Every OpenTelemetry name of the service. The GenAI conventions still move:
// https://github.com/open-telemetry/semantic-conventions-genai

export const SCOPE = "steer";

export const attribute = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.response.status_code",
  errorType: "error.type",
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  requestMaxTokens: "gen_ai.request.max_tokens",
  requestStream: "gen_ai.request.stream",
  responseId: "gen_ai.response.id",
  responseModel: "gen_ai.response.model",
  finishReasons: "gen_ai.response.finish_reasons",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.usage.cache_creation.input_tokens",
  tokenType: "gen_ai.token.type",
  /** Configured instance, where `gen_ai.provider.name` is the vendor. */
  instance: "steer.provider.instance",
  attemptIndex: "steer.attempt.index",
  attemptTrigger: "steer.attempt.trigger",
  attemptOutcome: "steer.attempt.outcome",
  model: "steer.model",
  category: "steer.error.category",
  decision: "steer.retry.decision",
  decisionReason: "steer.retry.reason",
  delay: "steer.retry.delay",
  circuitState: "steer.circuit.state",
  hedgeWon: "steer.hedge.won",
  stream: "steer.stream",
} as const;

export const metric = {
  rpcDuration: "rpc.server.call.duration",
  operationDuration: "gen_ai.client.operation.duration",
  tokenUsage: "gen_ai.client.token.usage",
  timeToFirstChunk: "gen_ai.client.operation.time_to_first_chunk",
  timePerOutputChunk: "gen_ai.client.operation.time_per_output_chunk",
  overhead: "steer.overhead.duration",
  retryDecisions: "steer.retry.decisions",
  retryDelay: "steer.retry.delay",
  attempts: "steer.attempts",
  circuitState: "steer.circuit.state",
  retryBudget: "steer.retry.budget",
  inFlight: "steer.limit.in_flight",
  queued: "steer.limit.queued",
  hedges: "steer.hedges",
  eventLoopDelay: "nodejs.eventloop.delay",
} as const;

/** The conventions' names of the vendors, where they differ from ours. */
export const VENDORS: Readonly<Record<string, string>> = { xai: "x_ai" };
