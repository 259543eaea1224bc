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
    ["- a", "steer.yaml:1: must be a mapping"],
    ["a: [", "steer.yaml:1: not YAML: "],
    ["a: 1\na: 2", "steer.yaml:2: not YAML: DUPLICATE_KEY"],
    ["grpc: *nowhere", "steer.yaml: not YAML: an alias"],
    ["grpc: !secret x", "steer.yaml:1: not YAML: TAG_RESOLVE_FAILED"],
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
      "providers[0].api_key: unknown key; did you mean api, api_key_env?",
    ],
    [
      `providers: [{${provider}, headers: {"a b": c}}]`,
      "providers[0].headers.a b: is no header name",
    ],
    [
      `providers: [{${provider}, headers: {a: "b\\nc"}}]`,
      "providers[0].headers.a: must be one line",
    ],
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

  it("a file that is not there", () => {
    expect(() => fromEnvironment({ STEER_CONFIG: "/missing/steer.yaml" })).toThrow(
      "/missing/steer.yaml: cannot be read (ENOENT)",
    );
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
