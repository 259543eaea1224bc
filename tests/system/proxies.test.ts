// Providers that are called by a proxy, with the shipped defaults.
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { MODES } from "../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { type HttpProxy, startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { chatStream, chatWhole, SILENCE, writeAnswer } from "../support/wire-answers.ts";

const { generate } = GenerationService.method;
const SECRET = "pr0xy-passw0rd";
const PROMPT = "a word for the provider alone";
const said = { content: "by a tunnel" };
const answer: Answer = ({ stream }) => (stream === true ? chatStream(said) : chatWhole(said));

let certificates: Certificates;
let proxy: HttpProxy;
let stack: FieldStack | undefined;

beforeAll(() => {
  certificates = makeCertificates("unused.example");
});

afterAll(() => certificates[Symbol.dispose]());

beforeEach(async () => {
  proxy = await startHttpProxy({ credentials: `user:${SECRET}` });
});

afterEach(async () => {
  await stack?.[Symbol.asyncDispose]();
  stack = undefined;
  await proxy[Symbol.asyncDispose]();
});

const proxyUrl = (password = SECRET) => proxy.url.replace("://", `://user:${password}@`);

/** Two servers with TLS, each with a model of its name; `own` stands at the first one's instance. */
function configuration(own: string) {
  const { ca } = certificates;
  const line = (id: string, url: string, more: string) =>
    `  - {id: ${id}, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY, tls: {ca_file: ${ca}}${more}}`;
  return (url: (server: string) => string): string => `
providers:
${line("one", url("one"), own)}
${line("two", url("two"), "")}
models: [{id: one, provider: one, fallbacks: [two]}, {id: two, provider: two}]
`;
}

async function start(environment: Readonly<Record<string, string>>, own = ""): Promise<FieldStack> {
  const { read, serverCert, serverKey } = certificates;
  const tls = { cert: read(serverCert), key: read(serverKey) };
  stack = await startFieldStack(["one", "two"], configuration(own), { environment, tls });
  await stack.script({ one: answer, two: answer });
  return stack;
}

describe.each(MODES)("%s", (mode) => {
  it.each([
    ["HTTPS_PROXY", () => ({ HTTPS_PROXY: proxyUrl() }), ""],
    ["https_proxy", () => ({ https_proxy: proxyUrl() }), ""],
    ["HTTP_PROXY, which serves both", () => ({ HTTP_PROXY: proxyUrl() }), ""],
    ["proxy_url", () => ({ NO_PROXY: "*" }), "proxy_url"],
  ])("field:X14 a provider is called by the proxy of %s", async (_name, environment, key) => {
    const on = await start(environment(), key === "" ? "" : `, ${key}: "${proxyUrl()}"`);
    const { generation } = await on.call(mode, { model: "one", prompt: PROMPT });
    expect(generation?.outputText).toBe("by a tunnel");
    expect(proxy.asked).toHaveLength(1);
    expect(proxy.asked[0]?.target).toMatch(/^localhost:\d+$/);
    expect(on.headers("one")[0]).not.toHaveProperty("proxy-authorization");
    expect(JSON.stringify(on.log)).not.toContain(SECRET);
  });

  it("field:X14 a host of NO_PROXY is called directly", async () => {
    const on = await start({ HTTPS_PROXY: proxyUrl(), NO_PROXY: "other.example, localhost" });
    const { generation } = await on.call(mode, { model: "one", prompt: PROMPT });
    expect(generation?.outputText).toBe("by a tunnel");
    expect(proxy.asked).toEqual([]);
  });

  it("credentials that the proxy refuses are no failure of the provider's key", async () => {
    const on = await start({ HTTPS_PROXY: proxyUrl("wrong") });
    const alone = { model: "two", prompt: PROMPT };
    const { error, attempts } = await on.call(mode, alone);
    expect(error?.category).toBe(ErrorCategory.NETWORK);
    expect(error?.message).toContain("the proxy did not accept the credentials for it (HTTP 407)");
    expect(attempts).toEqual(["two/two FAILED NETWORK"]);
    const reason = "PROXY_REFUSED";
    await eventually(() => on.log.some((line) => line["reason"] === reason));
    expect(inspect([error, on.log], { depth: 9 })).not.toContain("wrong");
    expect(on.requests("two")).toBe(0);
  });

  it("a proxy that is busy is asked again, and another instance serves where it stays so", async () => {
    const on = await start({}, `, proxy_url: "${proxyUrl()}"`);
    proxy.answer(503);
    const { generation, attempts } = await on.call(mode, { model: "one", prompt: PROMPT });
    expect(generation?.outputText).toBe("by a tunnel");
    expect(attempts.at(0)).toBe("one/one FAILED NETWORK");
    expect(attempts.at(-1)).toBe("two/two SUCCEEDED");
    expect(proxy.asked.length).toBe(attempts.length - 1);
    expect(proxy.asked.length).toBeGreaterThan(1);
  });

  it("a deadline and a cancel close the tunnel", async () => {
    const on = await start({ HTTPS_PROXY: proxyUrl() });
    await on.script({ two: () => SILENCE });
    const call = on.call(mode, {
      model: "two",
      prompt: PROMPT,
      timeouts: { total: { seconds: 20n } },
    } as never);
    await eventually(() => on.requests("two") === 1);
    expect(proxy.open).toBe(1);
    await on.advance(21_000);
    expect((await call).error?.category).toBe(ErrorCategory.TOTAL_TIMEOUT);
    await eventually(() => proxy.open === 0);
  });
});

it("a reload takes the proxy of an instance, or says why not", async () => {
  const on = await start({});
  const say = async () =>
    (await on.call("unary", { model: "one", prompt: PROMPT })).generation?.outputText;
  expect(await say()).toBe("by a tunnel");
  expect(proxy.asked).toEqual([]);
  await on.reload(configuration(`, proxy_url: "${proxyUrl()}"`));
  expect(await say()).toBe("by a tunnel");
  expect(proxy.asked).toHaveLength(1);
  await on.reload(configuration(`, proxy_url: "socks5://user:${SECRET}@localhost"`));
  expect(await say()).toBe("by a tunnel");
  const [failed] = on.log.filter(({ event }) => event === "reload failed");
  expect(failed?.["message"]).toContain("proxy_url: must be the http or https address of a proxy");
  expect(JSON.stringify(on.log)).not.toContain(SECRET);
  await on.reload(configuration(""));
  expect(await say()).toBe("by a tunnel");
  expect(proxy.asked).toHaveLength(1);
});

it.each([
  ["HTTPS_PROXY", {}],
  ["HTTPS_PROXY with NODE_USE_ENV_PROXY", { NODE_USE_ENV_PROXY: "1" }],
])("field:X14 the process takes %s", async (_name, more) => {
  const { read, serverCert: cert, serverKey: key, ca } = certificates;
  await using upstream = await startHttpUpstream(
    ({ response }) => writeAnswer(response, chatWhole(said)),
    { cert: read(cert), key: read(key) },
  );
  const service = await startService({
    env: { HTTPS_PROXY: proxyUrl(), NODE_EXTRA_CA_CERTS: ca, ...more },
    config: `
providers: [{id: own, type: openai, base_url: "${upstream.baseUrl}"}]
models: [{id: m, provider: own}]
`,
  });
  const client = createGrpcClient(service.grpc);
  const { generation } = await client.unary(generate, { spec: { model: "m", prompt: PROMPT } });
  expect(generation?.outputText).toBe("by a tunnel");
  expect(proxy.asked).toHaveLength(1);
  client.close();
  await service.stop();
});
