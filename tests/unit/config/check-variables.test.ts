import { describe, expect, it } from "vitest";
import {
  type Environment,
  fromEnvironment,
  fromFile,
  mistakeOf,
} from "../../support/config-file.ts";

describe("checkVariables", () => {
  it.each<[Environment]>([
    [{ STEER_GRPC_ADDRESS: "", STEER_FAULTS_ALLOW: "", STEER_UNKNOWN: "" }],
    [{ STEER_API_KEY: "k", STEER_ADDRESS: "gateway:50051", STEER_MODEL: "m" }],
    // The Service `steer`.
    [{ STEER_SERVICE_HOST: "10.0.0.1", STEER_SERVICE_PORT: "1", STEER_SERVICE_PORT_GRPC: "1" }],
    [{ STEER_PORT: "tcp://10.0.0.1:1", STEER_PORT_1_TCP: "tcp://10.0.0.1:1" }],
    [
      {
        STEER_PORT_1_TCP_PROTO: "tcp",
        STEER_PORT_1_TCP_PORT: "1",
        STEER_PORT_1_TCP_ADDR: "10.0.0.1",
      },
    ],
    // The Services `steer-grpc` and `steer-redis-master` beside it.
    [{ STEER_GRPC_SERVICE_HOST: "10.0.0.1", STEER_GRPC_PORT: "tcp://10.0.0.1:1" }],
    [{ STEER_REDIS_MASTER_SERVICE_PORT_TCP_REDIS: "1", STEER_REDIS_MASTER_PORT_1_TCP_ADDR: "a" }],
    [{ STEERING: "left", steer_grpc_adress: "lower case" }],
  ])("field:X19: ignores variables that are empty or of others: %o", (environment) => {
    expect(fromEnvironment(environment)).toEqual(fromEnvironment({}));
  });

  it.each<[string, string, string?]>([
    ["STEER_GRPC_ADRESS", "STEER_GRPC_ADDRESS"],
    ["STEER_GRPC_TLS_CERTFILE", "STEER_GRPC_TLS_CERT_FILE"],
    ["STEER_ALLOW_UNAUTHENTICTED", "STEER_ALLOW_UNAUTHENTICATED"],
    ["STEER_PRICING_OVERRIDE_JSON", "STEER_PRICING_OVERRIDES_JSON"],
    ["STEER_CONFIG_FILE", "STEER_CONFIG"],
    ["STEER_STREAMING_STATE_TTL_SECONDS", "STEER_STREAMING_STATE_TTL"],
    ["STEER_GRPC_PORT", "STEER_GRPC_ADDRESS", "50051"],
    ["STEER_STREAM_STOR", "STEER_STREAM_STORE"],
  ])("field:X19: refuses %s and names %s", (name, near, value = "x") => {
    const message = mistakeOf("{}", { [name]: value });
    expect(message).toMatch(new RegExp(`^${name}: unknown variable; did you mean .*${near}\\b`));
  });

  it("field:X19: knows the variables that the file names for keys", () => {
    const yaml = "providers: [{id: openai, type: openai, api_key_env: STEER_OPENAI_KEY}]";
    expect(fromFile(yaml, { STEER_OPENAI_KEY: "k" }).providers[0]?.apiKey).toBe("k");
    expect(mistakeOf(yaml, { STEER_OPENAI_KEYS: "k" })).toContain("did you mean STEER_OPENAI_KEY");
  });

  it.each([
    ["OPENAI_API_KEY", "{}"],
    ["OWN_KEY", "providers: [{id: ant, type: anthropic, api_key_env: OWN_KEY}]"],
  ])("field:X12: refuses a key in %s that no header takes, and does not quote it", (name, yaml) => {
    for (const key of [
      "sk-se\ncret",
      "sk-se\r\ncret: a",
      "sk-sécret",
      "sk se cret",
      "sk\0secret",
    ]) {
      expect(mistakeOf(yaml, { [name]: key })).toBe(`${name}: holds no key of one line in ASCII`);
    }
  });
});
