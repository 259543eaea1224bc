import type { GenerationSpec, Routing } from "../../src/domain/generation-spec.ts";
import type { Model } from "../../src/domain/model.ts";
import type { ProviderInstance } from "../../src/ports/provider-instance.ts";
import type { ProviderRequest } from "../../src/providers/provider.ts";
import { openAiTokens } from "../../src/providers/shared/openai-tokens.ts";

export function testRouting(overrides: Partial<Routing> = {}): Routing {
  return {
    fallbacks: [],
    strategy: "ordered",
    allowedProviders: [],
    deniedProviders: [],
    unsupportedParameters: "drop",
    failoverOn: [],
    disableFailover: false,
    midStreamRecovery: "fail",
    ...overrides,
  };
}

/** A spec with one user message. */
export function testSpec(overrides: Partial<GenerationSpec> = {}): GenerationSpec {
  return {
    model: "test-model",
    messages: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }],
    tools: [],
    sampling: {},
    reasoning: {},
    outputFormat: { type: "text" },
    routing: testRouting(),
    retry: { retryOn: [] },
    timeouts: {},
    providerOptions: {},
    labels: {},
    endUserId: "",
    ...overrides,
  };
}

export function testModel(overrides: Partial<Model> = {}): Model {
  return {
    id: "test-model",
    provider: "test",
    providerType: "openai",
    providerModel: "test-model-2026",
    displayName: "Test",
    aliases: [],
    contextWindow: undefined,
    maxInputTokens: undefined,
    maxOutputTokens: undefined,
    capabilities: new Set(["generate", "stream"]),
    dialect: "chat",
    parameters: new Set(),
    rules: [],
    efforts: [],
    defaultEffort: undefined,
    defaultSampling: {},
    deterministicSampling: {},
    limits: {},
    wire: {},
    goesBack: { reasoning: "text", annotations: true },
    pricing: undefined,
    tokens: openAiTokens,
    deprecated: false,
    isUnlisted: false,
    fallbacks: [],
    failoverOnContentFilter: false,
    prefill: false,
    traceContext: false,
    unaryUpstream: "auto",
    timeouts: undefined,
    ...overrides,
  };
}

export function testRequest(overrides: Partial<ProviderRequest> = {}): ProviderRequest {
  return {
    spec: testSpec(),
    model: testModel(),
    effort: undefined,
    stream: false,
    options: {},
    attempt: 1,
    continues: false,
    connectTimeoutMs: 5_000,
    usageWaitMs: 2_000,
    headers: {},
    ...overrides,
  };
}

export function testInstance(overrides: Partial<ProviderInstance> = {}): ProviderInstance {
  return {
    id: "test",
    type: "openai",
    baseUrl: "http://127.0.0.1:1/v1",
    apiKey: "test-key",
    apiVersion: undefined,
    headers: {},
    connection: {},
    ...overrides,
  };
}
