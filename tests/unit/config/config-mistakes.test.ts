import { describe, expect, it } from "vitest";
import { fromEnvironment, mistakeOf } from "../../support/config-file.ts";

const KEY = "ab".repeat(32);

describe("loadConfig refuses", () => {
  const provider = "id: a, type: openai";
  it.each([
    ["grpc:\n  adress: x", "steer.yaml:2: grpc.adress: unknown key; did you mean address?"],
    ["provider: []", "steer.yaml:1: provider: unknown key; did you mean providers?"],
    ["\ngrpc:\n\n  address: 127.0.0.1", 'steer.yaml:4: grpc.address: must be "host:port"'],
    ["grpc: {address: '::1:80'}", 'steer.yaml:1: grpc.address: must be "host:port", IPv6 in'],
    ["grpc: {address: '127.0.0.1:65536'}", "steer.yaml:1: grpc.address: must be"],
    ["grpc: 5", "steer.yaml:1: grpc: must be a mapping"],
    ["grpc: {tls: {cert_file: a}}", "steer.yaml:1: grpc.tls.key_file: is required"],
    ["http: {cors_origins: ['https://a.example/']}", "steer.yaml:1: http.cors_origins[0]: must be"],
    ["http: {hosts: ['http://a.example']}", "steer.yaml:1: http.hosts[0]: must be a host name"],
    ["http: {hosts: ['a.example:80']}", "steer.yaml:1: http.hosts[0]: must be a host name"],
    ["http: {hosts: ['*']}", "steer.yaml:1: http.hosts[0]: must be a host name"],
    ["- a", "steer.yaml:1: must be a mapping"],
    ["a: [", "steer.yaml:1: not YAML: "],
    ["a: 1\na: 2", "steer.yaml:2: not YAML: DUPLICATE_KEY"],
    ["grpc: *nowhere", "steer.yaml: not YAML: an alias"],
    ["grpc: !secret x", "steer.yaml:1: not YAML: TAG_RESOLVE_FAILED"],
    [
      "\nmodels: [{id: m, provider: openai, context_window: 2147483648}]",
      "steer.yaml:2: models[0].context_window: must be a whole number from 1 to 2147483647",
    ],
    [
      "models: [{id: m, provider: openai, max_output_tokens: 1e12}]",
      "models[0].max_output_tokens: must be a whole number from 1 to 2147483647",
    ],
    ["stream: {max_events: 2147483648}", "stream.max_events: must be a whole number from 1 to"],
    ["limit: {max_in_flight: 4294967296}", "limit.max_in_flight: must be a whole number from 1"],
    ["limit: {caller_share: 0}", "limit.caller_share: must be above 0, and 1 at most"],
    ["limit: {caller_share: 1.1}", "limit.caller_share: must be a number from 0 to 1"],
    ["stream: {retention: 99999999h}", "stream.retention: must be a duration of at most 8784h"],
    [
      "accounting: {abort: {max_cost_picos: 1e17}}",
      "accounting.abort.max_cost_picos: must be a whole number from 1 to 9007199254740991",
    ],
    ["accounting: {abort: {max_time: 61s}}", "accounting.abort.max_time: must be 60s or less"],
    ["accounting: {abort: {mode: drian}}", "must be one of close, drain; did you mean drain?"],
    [
      "models: [{id: m, provider: openai, prices: {input: 1, output: 1, currency: USD, date: x}}]",
      "models[0].prices.date: must be a date",
    ],
    ["faults: {allow: 1}", "steer.yaml:1: faults.allow: must be true or false"],
    ["stream: {store: redis}", "steer.yaml:1: stream.store: must be memory"],
    [
      "stream: {retention: 900}",
      'steer.yaml:1: stream.retention: must be a duration such as "500ms"',
    ],
    ["drain: {grace: 61m}", "steer.yaml:1: drain.grace: must be 1h or less"],
    ["drain: {notice: 26s}", "steer.yaml:1: drain.notice: is above drain.grace (25000 ms)"],
    [
      "drain:\n  notice: 9s\n  grace: 8s",
      "steer.yaml:2: drain.notice: is above drain.grace (8000 ms",
    ],
    [
      "providers: [{id: a, type: openai, tls: {cert_file: a}}]",
      "steer.yaml:1: providers[0].tls: set cert_file and key_file, or neither",
    ],
    [
      "providers: [{id: a, type: openai, tls: {ca_file: /nowhere/ca.crt}}]",
      "steer.yaml:1: providers[0].tls: the TLS file /nowhere/ca.crt cannot be read",
    ],
    [
      "providers: [{id: a, type: openai, base_url: 'http://h/v1', tls: {ca_file: a}}]",
      "steer.yaml:1: providers[0].tls: says nothing of a server that is called without TLS",
    ],
    [
      "providers: [{id: a, type: openai, tls: {ca: a}}]",
      "steer.yaml:1: providers[0].tls.ca: unknown key",
    ],
    ["drain: {notice: 0s}", 'drain.notice: must be a duration such as "500ms"'],
    ["drain: {wait: 1s}", "steer.yaml:1: drain.wait: unknown key"],
    ["limits: {request_bytes: 1KiB}", "limits.request_bytes: must be from 64KiB to 256MiB"],
    ["limits: {time_zone: Berlin}", "limits.time_zone: must be an IANA time zone, such as Europe/"],
    ["limits: {request_bytes: 1GiB}", "limits.request_bytes: must be from 64KiB to 256MiB"],
    ["grpc: {max_connection_age: 999ms}", "grpc.max_connection_age: must be 1s or more"],
    [
      "grpc: {max_connection_age_grace: 5s}",
      "grpc.max_connection_age_grace: needs grpc.max_connection_age",
    ],
    ["timeouts: {total: 2h}", "steer.yaml:1: timeouts.total: is above timeouts.max_total"],
    ["callers: [{id: a, role: root}]", "steer.yaml:1: callers[0].role: must be one of caller, op"],
    ["callers: [{id: a, role: caller}]", "steer.yaml:1: callers[0]: set either key_sha256 or"],
    ["callers: [{id: a, role: caller, key_sha256: abc}]", "callers[0].key_sha256: must be 64 hex"],
    [
      `callers:\n- {id: a, role: caller, key_sha256: ${KEY}}\n- {id: b, role: operator, key_sha256: ${KEY}}`,
      "steer.yaml:3: callers[1].key_sha256: belongs to another caller already",
    ],
    [
      `callers:\n- {id: a, role: caller, key_sha256: ${KEY}}\n- {id: a, role: caller, key_sha256: ${"cd".repeat(32)}}`,
      "steer.yaml:3: callers[1].id: belongs to another caller already",
    ],
    [
      `http: {tls: {cert_file: a, key_file: b, client_ca_file: c}}
callers:
- {id: a, role: caller, client_cert_san: "10.0.0.7"}
- {id: b, role: caller, client_cert_san: "::ffff:10.0.0.7"}`,
      "steer.yaml:4: callers[1].client_cert_san: belongs to another caller already",
    ],
    [
      "callers: [{id: a, role: caller, client_cert_san: a.example}]",
      "callers[0].client_cert_san: needs a listener that verifies clients",
    ],
    ["providers:\n- {id: a}", "steer.yaml:2: providers[0].type: is required"],
    [
      "\n\nproviders:\n- id: a\n  type: oops",
      'steer.yaml:5: providers[0].type: no provider type "oops"; there are',
    ],
    [
      "providers: [{id: a, type: constructor}]",
      'providers[0].type: no provider type "constructor"',
    ],
    [
      "providers: [{id: a, type: openai, timeouts: {total: 1m}}]",
      "steer.yaml:1: providers[0].timeouts.total: unknown key",
    ],
    [
      "models:\n- {id: m, provider: simulator, timeouts: {idle: 3}}",
      "steer.yaml:2: models[0].timeouts.idle: must be a duration",
    ],
    [
      "providers:\n- {id: a, type: openai, limit: {max_in_flight: 0}}",
      "steer.yaml:2: providers[0].limit.max_in_flight: must be a whole number",
    ],
    [
      "providers: [{id: a, type: openai, unary_upstream: streams}]",
      "providers[0].unary_upstream: must be one of auto, whole, stream; did you mean stream?",
    ],
    ["providers: [{id: xai, type: openai}]", 'providers[0].id: "xai" is the name of a type'],
    [
      `providers:\n- {${provider}}\n- {${provider}}`,
      'steer.yaml:3: providers[1].id: "a" is there twice',
    ],
    [
      `providers: [{${provider}, base_url: "ftp://a"}]`,
      "providers[0].base_url: must be an http or",
    ],
    [
      `providers: [{${provider}, base_url: "http://u:p@a"}]`,
      "base_url: must be an address without",
    ],
    [
      `providers: [{${provider}, api: messages}]`,
      "providers[0].api: must be one of chat, responses",
    ],
    [
      "providers: [{id: xai, type: xai, api: responses}]",
      "providers[0].api: must be one of chat for",
    ],
    [
      `providers: [{${provider}, api_key: abc}]`,
      "providers[0].api_key: unknown key; did you mean api, api_key_env, api_key_file?",
    ],
    [
      `providers: [{${provider}, headers: {"a b": c}}]`,
      "providers[0].headers.a b: is no header name",
    ],
    [
      `providers: [{${provider}, headers: {a: "b\\nc"}}]`,
      "providers[0].headers.a: must be one line",
    ],
    [
      "models:\n- {id: a, provider: openai, fallbacks: [b]}",
      'steer.yaml:2: models[0].fallbacks[0]: no model "b"',
    ],
    [
      "models:\n- id: a\n  provider: openai\n  fallbacks:\n  - claude-haiku-4-5\n  - claude-haiku-45",
      'steer.yaml:6: models[0].fallbacks[1]: no model "claude-haiku-45"; did you mean claude-haiku',
    ],
    ...["a", "openai/a", "its-alias", "A"].map((itself): [string, string] => [
      `models: [{id: a, provider: openai, aliases: [its-alias], fallbacks: [${itself}]}]`,
      `models[0].fallbacks[0]: ${itself} is the model itself`,
    ]),
    [
      "models: [{id: a, provider: openai, fallbacks: [xai/a]}, {id: b, provider: xai}]",
      'models[0].fallbacks[0]: no model "xai/a"',
    ],
    [
      "models: [{id: a, provider: openai, fallbacks: [b]}, {id: b, provider: xai, enabled: false}]",
      'models[0].fallbacks[0]: no model "b"',
    ],
    [
      "models: [{id: a, provider: openai, fallbacks: [b, b]}, {id: b, provider: xai}]",
      "models[0].fallbacks[1]: is there twice",
    ],
    ["models: [{id: a, provider: openai, fallbacks: b}]", "models[0].fallbacks: must be a list"],
    ["models: [{id: a, provider: openai, fallbacks: ['']}]", "fallbacks[0]: must be a model, or"],
    [
      `models: [{id: a, provider: openai, fallbacks: [${Array.from({ length: 17 }, (_, n) => `m${n}`)}]}]`,
      "models[0].fallbacks: must name 16 models or fewer",
    ],
    [
      "\nrouting:\n  mid_stream_recovery: restrat",
      "steer.yaml:3: routing.mid_stream_recovery: must be one of fail, restart, continue; did you",
    ],
    ["routing: {fallbacks: [a]}", "routing.fallbacks: unknown key"],
    ["models: [{id: a, provider: nope}]", 'models[0].provider: no provider "nope"; there are'],
    ["models: [{id: a, provider: xai, api: responses}]", "models[0].api: must be one of chat for"],
    [
      "models: [{id: a, provider: xai, capabilities: [fly]}]",
      "models[0].capabilities[0]: must be one of",
    ],
    [
      "models: [{id: a, provider: xai, parameters: [temperature]}]",
      "models[0].parameters[0]: must be one of",
    ],
    [
      "models: [{id: a, provider: xai, context_window: 0}]",
      "models[0].context_window: must be a whole",
    ],
    [
      "models: [{id: a, provider: xai, prices: {currency: USD, input: 1, date: 2026-11}}]",
      "models[0].prices.output: is required",
    ],
    [
      "models: [{id: a, provider: xai, prices: {currency: USD, input: -1, output: 1, date: 2026-11}}]",
      "models[0].prices.input: must be a number that is not negative",
    ],
    [
      "models:\n- {id: a, provider: xai}\n- {id: b, provider: xai, aliases: [a]}",
      'steer.yaml:3: models[1]: the name "a" belongs to the model a of xai already',
    ],
  ])("%j", (yaml, message) => {
    expect(mistakeOf(yaml)).toContain(message);
  });

  it.each([
    [{ STEER_METRICS: "yes" }, "STEER_METRICS: must be true or false"],
    [{ STEER_METRIC: "true" }, "STEER_METRIC: unknown variable; did you mean STEER_METRICS"],
    [
      { STEER_METRICS: "true", OTEL_SDK_DISABLED: "true" },
      "steer.yaml: telemetry.metrics_address: OTEL_SDK_DISABLED=true switches every metric off: unset one of the two",
    ],
  ])("the variables of telemetry %o", (environment, message) => {
    expect(mistakeOf("", environment)).toContain(message);
  });

  it("a file that is not there", () => {
    expect(() => fromEnvironment({ STEER_CONFIG: "/missing/steer.yaml" })).toThrow(
      "/missing/steer.yaml: cannot be read (ENOENT)",
    );
  });

  it("a file of no bytes, as a program leaves it before it writes", () => {
    expect(() => fromEnvironment({ STEER_CONFIG: "/dev/null" })).toThrow("/dev/null: is empty");
  });

  it("a section of the file that is no section, although a variable sets a key in it", () => {
    expect(mistakeOf("grpc: 5", { STEER_GRPC_ADDRESS: "127.0.0.1:1" })).toBe(
      "steer.yaml:1: grpc: must be a mapping",
    );
  });

  it("never with a secret in the message", () => {
    const secret = "s3cr3t";
    expect(
      mistakeOf(`providers: [{id: a, type: openai, base_url: "http://u:${secret}@a"}]`),
    ).not.toContain(secret);
    expect(mistakeOf(`callers: [{id: a, role: caller, key_sha256: ${secret}}]`)).not.toContain(
      secret,
    );
    expect(mistakeOf(`a: "${secret}`)).not.toContain(secret);
    expect(mistakeOf("", { STEER_CALLERS: `[{"key_sha256":${secret}}]` })).not.toContain(secret);
  });
});
