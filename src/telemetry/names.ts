// Names of attributes. The GenAI conventions still move:
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
  /** The configured instance; `gen_ai.provider.name` is the vendor. */
  instance: "steer.provider.instance",
  attemptIndex: "steer.attempt.index",
  attemptTrigger: "steer.attempt.trigger",
  attemptOutcome: "steer.attempt.outcome",
  model: "steer.model",
  /** Only if the operator asks for it. */
  caller: "steer.caller",
  category: "steer.error.category",
  decision: "steer.retry.decision",
  decisionReason: "steer.retry.reason",
  delay: "steer.retry.delay",
  circuitState: "steer.circuit.state",
  hedgeWon: "steer.hedge.won",
  stream: "steer.stream",
  store: "steer.store.type",
  result: "steer.result",
  cause: "steer.cause",
  streamPhase: "steer.stream.phase",
  costPicos: "steer.cost.picos",
  currency: "steer.cost.currency",
  costSource: "steer.cost.source",
  estimator: "steer.token.estimator",
  quantile: "steer.quantile",
  epoch: "steer.stream.epoch",
  jsonDocuments: "steer.json.documents",
  jsonChanges: "steer.json.changes",
  jsonUnits: "steer.json.units",
  jsonMalformed: "steer.json.malformed",
} as const;

/** Names of vendors in the conventions, if they differ from those of the configuration. */
export const VENDORS: Readonly<Record<string, string>> = { xai: "x_ai" };
