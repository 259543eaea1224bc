import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { EffectiveValue } from "../../src/config/effective-values.ts";
import { keyPaths, valuePaths } from "../../src/config/key-paths.ts";
import { makeCertificates } from "../support/certificates.ts";
import { runSteer } from "../support/run-steer.ts";

const folder = mkdtempSync(join(tmpdir(), "steer-cli-config-"));
const EXAMPLE = join(import.meta.dirname, "../../steer.example.yaml");

afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;

function fileOf(yaml: string): string {
  const file = join(folder, `${++written}.yaml`);
  writeFileSync(file, yaml);
  return file;
}

async function shown(file: string, env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runSteer(["config", "show", file, "--json"], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const rows = JSON.parse(stdout) as EffectiveValue[];
  return new Map(rows.map((row) => [row.key, row]));
}

describe("steer config check", () => {
  it("takes the example without any variable, and says which keys are not set", async () => {
    const { code, stdout } = await runSteer(["config", "check", EXAMPLE]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^note: provider anthropic: ANTHROPIC_API_KEY is not set/m);
    expect(stdout).toMatch(/starts with this configuration\n$/);
  });

  it("is silent about a key that is set", async () => {
    const env = { ANTHROPIC_API_KEY: "k" };
    const { stdout } = await runSteer(["config", "check", EXAMPLE], { env });
    expect(stdout).not.toContain("note:");
  });

  it.each([
    [
      "an unknown key",
      "drain:\n  grase: 5s\n",
      /:2: drain\.grase: unknown key; did you mean grace/,
    ],
    ["a missing file", undefined, /nowhere\.yaml: cannot be read \(ENOENT\)/],
    ["no YAML", "drain: [", /:1: not YAML/],
    [
      "a certificate that is not there",
      "grpc: {tls: {cert_file: /nowhere/c.pem, key_file: /nowhere/k.pem}}",
      /the TLS file \/nowhere\/c\.pem cannot be read/,
    ],
    [
      "a key that is not there",
      "providers: [{id: mine, type: openai, api_key_file: /nowhere/key}]",
      /providers\[0\]\.api_key_file/,
    ],
  ])("refuses %s as a start does, by its place", async (_, yaml, said) => {
    const file = yaml === undefined ? join(folder, "nowhere.yaml") : fileOf(yaml);
    const runs = ["check", "show"].map((action) => runSteer(["config", action, file]));
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(said);
    }
  });

  it("refuses prices that contradict the listed ones", async () => {
    const env = { STEER_PRICING_OVERRIDES_JSON: '{"gpt-6.1-terra": {"cache_read": "x"}}' };
    const { code, stderr } = await runSteer(["config", "check"], { env });
    expect(code).toBe(1);
    expect(stderr).toContain("STEER_PRICING_OVERRIDES_JSON");
  });

  it("takes a certificate with its key, and no other pair", async () => {
    using certificates = makeCertificates("client.example");
    const { serverCert, serverKey, clientKey } = certificates;
    const tls = (key: string) => `http: {tls: {cert_file: "${serverCert}", key_file: "${key}"}}`;
    const right = await runSteer(["config", "check", fileOf(tls(serverKey))]);
    const wrong = await runSteer(["config", "check", fileOf(tls(clientKey))]);
    expect([right.code, wrong.code]).toEqual([0, 1]);
    expect(wrong.stderr).toContain("are no pair");
  });
});

describe("steer config show", () => {
  it("has a row for every key", async () => {
    const rows = await shown(fileOf("{}"));
    expect([...rows.keys()]).toEqual(valuePaths().map((path) => path.join(".")));
    expect(keyPaths()).toEqual(expect.arrayContaining([...rows.keys()]));
    const origins = new Set([...rows.values()].map(({ origin }) => origin.split(":", 1)[0]));
    expect(origins).toEqual(new Set(["default", "unset"]));
  });

  it("says where each value is from", async () => {
    const file = fileOf(
      "stream:\n  retention: 5m\n  max_readers: 3\nmodels:\n  - {id: a, provider: simulator}\n",
    );
    const env = { STEER_STREAM_MAX_READERS: "7", STEER_HTTP_HOSTS: '["box"]' };
    const rows = await shown(file, env);
    const of = (key: string) => [rows.get(key)?.value, rows.get(key)?.origin];
    expect(of("stream.retention")).toEqual(["5m", `${file}:2`]);
    expect(of("stream.max_readers")).toEqual(["7", "STEER_STREAM_MAX_READERS"]);
    expect(of("http.hosts")).toEqual(['["box"]', "STEER_HTTP_HOSTS"]);
    expect(of("models[0]")).toEqual([{ id: "a", provider: "simulator" }, `${file}:5`]);
    expect(of("stream.tombstone")).toEqual(["1h", "default"]);
    expect(of("providers")).toEqual([
      undefined,
      "default: one instance of each vendor's type, named as the type",
    ]);
  });

  it("says by which name the retention was set", async () => {
    const rows = await shown(fileOf("{}"), { STEER_STREAMING_STATE_TTL: "60" });
    expect(rows.get("stream.retention")).toEqual({
      key: "stream.retention",
      value: "60s",
      origin: "STEER_STREAMING_STATE_TTL",
    });
  });

  it.each([
    ["in a file", true],
    ["in the environment", false],
  ])("shows no secret %s", async (_, inFile) => {
    const store = "redis://user:s3cret@127.0.0.1:6379";
    const headers = { "x-api-key": "s3cret", authorization: "Bearer s3cret" };
    const proxy_url = "http://user:s3cret@proxy.example:3128";
    const providers = JSON.stringify([{ id: "mine", type: "openai", headers, proxy_url }]);
    const file = fileOf(inFile ? `stream: {store: "${store}"}\nproviders: ${providers}\n` : "{}");
    const env: Record<string, string> = inFile
      ? {}
      : { STEER_STREAM_STORE: store, STEER_PROVIDERS: providers };
    for (const args of [["--json"], []]) {
      const { code, stdout } = await runSteer(["config", "show", file, ...args], { env });
      expect(code).toBe(0);
      expect(stdout).not.toContain("s3cret");
      expect(stdout).toContain("redis://***@127.0.0.1:6379");
      expect(stdout).toContain("x-api-key");
      expect(stdout).toContain("http://***@proxy.example:3128");
    }
  });

  it.each([
    [["config"], "config takes check or show"],
    [["config", "tell"], "config takes check or show"],
    [["config", "check", "a", "b"], "one FILE at a time"],
    [["config", "check", "--json"], "check takes no --json"],
  ])("refuses %j as a wrong command line", async (args, said) => {
    const { code, stderr } = await runSteer(args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});
