import { describe, expect, it } from "vitest";
import * as types from "../../../src/providers/registry.ts";
import { fromEnvironment, fromFile } from "../../support/config-file.ts";

const KEY = "ab".repeat(32);

describe("loadConfig without a file", () => {
  it("listens on loopback, knows every provider type and trusts nobody from elsewhere", () => {
    const config = fromEnvironment({});
    expect(config.grpc).toEqual({
      address: { host: "127.0.0.1", port: 50051 },
      tls: undefined,
      ageLimit: undefined,
    });
    expect(config.drain).toEqual({ noticeMs: 2_000, graceMs: 25_000 });
    expect(config.limits).toMatchObject({ requestBytes: 32 << 20, withoutStore: "local" });
    expect(config.http.address).toEqual({ host: "127.0.0.1", port: 8080 });
    // Nobody knows whether servers without a vendor are there, or where.
    const named = Object.entries(types).filter(([, { hasDefaultInstance }]) => hasDefaultInstance);
    expect(config.providers.map(({ id }) => id).sort()).toEqual(named.map(([id]) => id).sort());
    const own = ["azure", "llamacpp", "lmstudio", "ollama", "vllm"];
    expect(named.map(([id]) => id)).toEqual(Object.keys(types).filter((id) => !own.includes(id)));
    expect(config).toMatchObject({
      callers: [],
      allowUnauthenticated: false,
      allowFaults: false,
      telemetry: undefined,
      warnings: [],
      timeouts: { connectMs: 5000, firstTokenMs: 30_000, totalMs: 600_000, maxTotalMs: 3_600_000 },
    });
  });

  it.each([
    ["", "fail"],
    ["routing: {mid_stream_recovery: restart}", "restart"],
    ["routing: {mid_stream_recovery: CONTINUE}", "continue"],
    ["routing: {mid_stream_recovery: Fail}", "fail"],
  ])("field:E26 the recovery of `%s` is %s", (yaml, recovery) => {
    expect(fromFile(yaml).routing.midStreamRecovery).toBe(recovery);
    const environment = { STEER_ROUTING_MID_STREAM_RECOVERY: "restart" };
    expect(fromFile(yaml, environment).routing.midStreamRecovery).toBe("restart");
  });

  it("field:E26 two models can be each other's fallbacks, and built-in ones anybody's", () => {
    const { models } = fromFile(`models:
- {id: a, provider: openai, fallbacks: [b, claude-haiku-4-5, simulator/simulator]}
- {id: b, provider: xai, fallbacks: [openai/a]}`);
    expect(models.map(({ fallbacks }) => fallbacks)).toEqual([
      ["b", "claude-haiku-4-5", "simulator/simulator"],
      ["openai/a"],
    ]);
  });

  it("cannot be changed afterwards", () => {
    const config = fromEnvironment({});
    expect(Object.isFrozen(config.providers[0])).toBe(true);
    expect(Object.isFrozen(config.timeouts)).toBe(true);
  });

  it("says which variable a provider without a key waits for", () => {
    const unavailable = (environment: Record<string, string>, wanted: string) =>
      fromEnvironment(environment).providers.find(({ id }) => id === wanted)?.unavailable;
    expect(unavailable({}, "openai")).toEqual({
      cause: "not-configured",
      variable: "OPENAI_API_KEY",
    });
    expect(unavailable({ XAI_API_KEY: " " }, "xai")).toMatchObject({ variable: "XAI_API_KEY" });
    expect(unavailable({ OPENAI_API_KEY: "k" }, "openai")).toBeUndefined();
    expect(unavailable({}, "simulator")).toBeUndefined();
  });

  it("cuts the line break off a key", () => {
    const { providers } = fromEnvironment({ OPENAI_API_KEY: "secret\n" });
    expect(providers.find(({ id }) => id === "openai")?.apiKey).toBe("secret");
  });
});

describe("loadConfig with a file", () => {
  it.each(["0s", "0ms", "0.0m"])("takes a short hint of %s for none", (none) => {
    expect(fromFile(`retry: {short_hint: ${none}}`).reliability.retry.shortHintMs).toBe(0);
  });

  it("takes every key", () => {
    const config = fromFile(
      `
grpc: {address: "[::1]:0", tls: {cert_file: a.crt, key_file: a.key, client_ca_file: ca.crt}, max_connection_age: 30m, max_connection_age_grace: 90s}
http: {address: localhost:9000, cors_origins: ["https://app.example", "*"], hosts: [Steer.Internal., "[FD00::1]"]}
callers:
  - {id: billing, role: caller, key_sha256: ${KEY.toUpperCase()}}
  - {id: ops, role: operator, client_cert_san: ops.example}
providers:
  - {id: vllm, type: openai, base_url: "http://127.0.0.1:8000/v1/", done_optional: true, prefill: true, headers: {x-team: a}}
  - {id: openai, type: openai, api_key_env: SECOND_KEY, api: chat}
models:
  - id: my-llama
    provider: vllm
    provider_model: meta-llama/Llama-4
    display_name: My Llama
    aliases: [llama]
    context_window: 131072
    max_output_tokens: 8192
    capabilities: [generate, stream, tools]
    parameters: [sampling.temperature]
    efforts: [low, high]
    api: chat
    prices: {currency: EUR, input: 0.2, output: 0.6, cache_read: 0.02, cache_write: 0.25, date: 2026-11-01}
drain: {notice: 5s, grace: 1m}
faults: {allow: true}
timeouts: {connect: 500ms, first_token: 2m, first_token_failover: 20s, answer_failover: 70s, idle: 1.5s, reasoning: 3m, reasoning_failover: 1m, total: 1h, max_total: 2h}
retry: {attempts: 2, max_attempts: 6, total_attempts: 5, max_total_attempts: 9, transient: {base: 10ms, last_target_base: 200ms, cap: 1s}, throttle: {base: 2s, last_target_base: 3s, cap: 9s}, max_wait: 12s, max_total_delay: 40s, short_hint: 4s}
budget: {capacity: 100, transient_cost: 10, throttle_cost: 2.5, refill: 1, fill: 2m}
health: {consecutive_failures: 7, min_span: 3s, failure_rate: 0.4, min_requests: 20, window: 1m, ejection: 5s, max_ejection: 50s, panic: false, probe_first_token: 6s, refused: 1m, quota: 1h}
limit: {max_in_flight: 8, queue_length: 4, queue_wait: 250ms, caller_share: 0.6}
hedge: {share: 0.1, min_delay: 300ms, max_input_tokens: 1000}
`,
      { SECOND_KEY: "k" },
    );
    expect(config.grpc).toEqual({
      address: { host: "::1", port: 0 },
      tls: { certFile: "a.crt", keyFile: "a.key", clientCaFile: "ca.crt" },
      ageLimit: { maxMs: 1_800_000, graceMs: 90_000 },
    });
    expect(config.drain).toEqual({ noticeMs: 5_000, graceMs: 60_000 });
    expect(config.http.corsOrigins).toEqual(["https://app.example", "*"]);
    expect(config.hosts).toEqual(["steer.internal", "[fd00::1]"]);
    expect(config.callers).toEqual([
      { id: "billing", role: "caller", keySha256: KEY },
      { id: "ops", role: "operator", clientCertSan: "ops.example" },
    ]);
    expect(config.providers.slice(0, 2)).toEqual([
      {
        id: "vllm",
        type: "openai",
        baseUrl: "http://127.0.0.1:8000/v1",
        apiKey: "",
        unavailable: undefined,
        dialect: undefined,
        prefill: true,
        connection: {},
        traceContext: false,
        unaryUpstream: "auto",
        timeouts: undefined,
        builtinModels: false,
        unlistedModels: false,
        errorTexts: false,
        headers: { "x-team": "a" },
      },
      expect.objectContaining({ id: "openai", apiKey: "k", dialect: "chat", builtinModels: true }),
    ]);
    expect(config.models[0]).toMatchObject({
      id: "my-llama",
      provider: "vllm",
      providerModel: "meta-llama/Llama-4",
      enabled: true,
      dialect: "chat",
      pricing: {
        currency: "EUR",
        date: "2026-11-01",
        inputPicos: 200_000,
        outputPicos: 600_000,
        cacheReadPicos: 20_000,
        cacheWritePicos: 250_000,
        tiers: [],
      },
    });
    expect(config.allowFaults).toBe(true);
    expect(config.timeouts).toEqual({
      connectMs: 500,
      firstTokenMs: 120_000,
      firstTokenFailoverMs: 20_000,
      answerFailoverMs: 70_000,
      idleMs: 1500,
      reasoningMs: 180_000,
      reasoningFailoverMs: 60_000,
      totalMs: 3_600_000,
      maxTotalMs: 7_200_000,
    });
    expect(config.reliability).toEqual({
      retry: {
        attempts: 2,
        maxAttempts: 6,
        totalAttempts: 5,
        maxTotalAttempts: 9,
        transient: { baseMs: 10, lastTargetBaseMs: 200, capMs: 1_000 },
        throttle: { baseMs: 2_000, lastTargetBaseMs: 3_000, capMs: 9_000 },
        maxWaitMs: 12_000,
        maxTotalDelayMs: 40_000,
        shortHintMs: 4_000,
      },
      budget: { capacity: 100, transientCost: 10, throttleCost: 2.5, refill: 1, fillMs: 120_000 },
      health: {
        consecutiveFailures: 7,
        minSpanMs: 3_000,
        failureRate: 0.4,
        minRequests: 20,
        windowMs: 60_000,
        ejectionMs: 5_000,
        maxEjectionMs: 50_000,
        panic: false,
        probeFirstTokenMs: 6_000,
        refusedMs: 60_000,
        quotaMs: 3_600_000,
      },
      limit: { maxInFlight: 8, queueLength: 4, queueWaitMs: 250, callerShare: 0.6 },
      targetLimits: new Map(),
      hedge: { share: 0.1, minDelayMs: 300, maxInputTokens: 1_000 },
    });
  });

  it.each(["", "# nothing yet\n", "grpc:\n", "providers: []\n"])("takes %j as defaults", (yaml) => {
    expect(fromFile(yaml)).toEqual(fromEnvironment({}));
  });

  it("puts configured instances first and keeps the default of every other type", () => {
    const { providers } = fromFile(
      "providers: [{id: spare, type: openai, api_key_env: SPARE}, {id: simulator, type: simulator}]",
    );
    const ids = providers.map(({ id }) => id);
    expect(ids.slice(0, 2)).toEqual(["spare", "simulator"]);
    expect(ids.filter((id) => id === "simulator")).toHaveLength(1);
    expect(ids).toContain("openai");
  });

  it("keeps the vendor's key from other addresses unless the entry names it", () => {
    const url = "base_url: https://other.example/v1";
    const first = (entry: string) =>
      fromFile(`providers: [{id: openai, type: openai, ${entry}}]`, { OPENAI_API_KEY: "k" })
        .providers[0];
    expect(first(url)).toMatchObject({ apiKey: "", unavailable: undefined, builtinModels: false });
    expect(first(`${url}, api_key_env: OPENAI_API_KEY`)?.apiKey).toBe("k");
    expect(first(`${url}, builtin_models: true`)?.builtinModels).toBe(true);
    expect(first("base_url: https://api.openai.com/v1/")).toMatchObject({
      apiKey: "k",
      builtinModels: true,
    });
  });

  it("does not call a provider that is switched off", () => {
    const [provider] = fromFile("providers: [{id: xai, type: xai, enabled: false}]", {
      XAI_API_KEY: "k",
    }).providers;
    expect(provider?.unavailable).toEqual({ cause: "disabled" });
  });

  it("shortens the default total to the most that is allowed", () => {
    expect(fromFile("timeouts: {max_total: 1m}").timeouts.totalMs).toBe(60_000);
  });
});

describe("loadConfig with the environment", () => {
  it("lets the environment win over the file, key by key", () => {
    const config = fromFile("grpc: {address: 127.0.0.1:1}\nhttp: {address: 127.0.0.1:2}", {
      STEER_GRPC_ADDRESS: "127.0.0.1:3",
      STEER_FAULTS_ALLOW: "true",
      STEER_TIMEOUTS_FIRST_TOKEN: "7s",
      STEER_HTTP_CORS_ORIGINS: '["https://a.example"]',
      STEER_PROVIDERS: '[{"id":"two","type":"xai","api_key_env":"TWO"}]',
    });
    expect(config.grpc.address.port).toBe(3);
    expect(config.http.address.port).toBe(2);
    expect(config.allowFaults).toBe(true);
    expect(config.timeouts.firstTokenMs).toBe(7000);
    expect(config.http.corsOrigins).toEqual(["https://a.example"]);
    expect(config.providers[0]).toMatchObject({ id: "two", type: "xai" });
  });

  it.each([
    [{ STEER_STREAMING_STATE_TTL: "60" }, { retentionMs: 60_000 }],
    [{ STEER_STREAM_RETENTION: "2m" }, { retentionMs: 120_000 }],
    [{ STEER_STREAM_DISCONNECT_GRACE: "3s" }, { disconnectGraceMs: 3_000 }],
    [{ STEER_STREAM_MAX_BYTES: "1MiB" }, { maxBytes: 1_048_576 }],
    [{ STEER_STREAM_DURABILITY: "required" }, { durability: "required" }],
  ])("sets what holds for stored streams: %o", (environment, streams) => {
    expect(fromEnvironment(environment)).toMatchObject({ streams, warnings: [] });
  });

  it.each([
    ["memory", { type: "memory", maxBytes: 268_435_456 }],
    ["sqlite:/var/lib/steer.db", { type: "sqlite", path: "/var/lib/steer.db" }],
    [
      "rediss://user:secret@cache:6380/1",
      { type: "redis", url: "rediss://user:secret@cache:6380/1" },
    ],
    ["redis://a:7000,b:7001,c", { type: "redis", url: "redis://a:7000,b:7001,c" }],
    [
      "redis+sentinel://:secret@a,b:26380/main/1?sentinel_password=other",
      { type: "redis", url: "redis+sentinel://:secret@a,b:26380/main/1?sentinel_password=other" },
    ],
  ])("names the stream store: %s", (named, store) => {
    expect(fromEnvironment({ STEER_STREAM_STORE: named }).store).toMatchObject(store);
  });

  it("does not repeat what it takes for no store: it can hold a password", () => {
    const load = () => fromEnvironment({ STEER_STREAM_STORE: "http://user:secret@cache" });
    expect(load).toThrow("STEER_STREAM_STORE: stream.store: must be memory, sqlite:PATH, redis://");
    expect(load).not.toThrow("secret");
  });

  it.each([
    [{ STEER_GRPC_ADDRESS: "nowhere" }, "STEER_GRPC_ADDRESS: grpc.address: must be"],
    [{ STEER_PROVIDERS: "{" }, "STEER_PROVIDERS: providers: must be a list written as JSON"],
    [
      { STEER_PROVIDERS: '[{"id":"a","type":"nope"}]' },
      'STEER_PROVIDERS: providers[0].type: no provider type "nope"',
    ],
    [{ STEER_FAULTS_ALLOW: "yes" }, "STEER_FAULTS_ALLOW: faults.allow: must be true or false"],
    [
      { STEER_STREAMING_STATE_TTL: "soon" },
      "STEER_STREAMING_STATE_TTL: stream.retention: must be a duration",
    ],
  ])("names the variable of a mistake: %o", (environment, message) => {
    expect(() => fromEnvironment(environment)).toThrow(message);
  });
});

describe("loadConfig and callers from elsewhere", () => {
  it.each(["0.0.0.0:1", "[::]:1", "10.0.0.7:1", "gateway.example:1", "128.0.0.1:1"])(
    "does not listen on %s without callers",
    (address) => {
      for (const listener of ["GRPC", "HTTP"]) {
        expect(() => fromEnvironment({ [`STEER_${listener}_ADDRESS`]: address })).toThrow(
          /^(grpc|http)\.address: .*add callers \(`steer keygen`.*STEER_ALLOW_UNAUTHENTICATED=true/,
        );
      }
    },
  );

  it.each(["127.0.0.1:0", "127.9.9.9:1", "[::1]:1", "localhost:1"])("listens on %s", (address) => {
    expect(fromEnvironment({ STEER_GRPC_ADDRESS: address }).callers).toEqual([]);
  });

  it("listens anywhere with callers", () => {
    const config = fromFile(`callers: [{id: a, role: caller, key_sha256: ${KEY}}]`, {
      STEER_GRPC_ADDRESS: "0.0.0.0:1",
    });
    expect(config.warnings).toEqual([]);
  });

  it("listens anywhere when told so, and warns of it", () => {
    const config = fromEnvironment({
      STEER_GRPC_ADDRESS: "0.0.0.0:1",
      STEER_ALLOW_UNAUTHENTICATED: "true",
    });
    expect(config.warnings).toEqual([expect.stringContaining("allow_unauthenticated")]);
  });
});
