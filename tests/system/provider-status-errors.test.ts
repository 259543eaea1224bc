// What the state of a provider says of a failed connection: an operator sees there why nothing gets through.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { MODES } from "../support/conformance/suite.ts";
import { type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { type HttpProxy, startHttpProxy } from "../support/http-proxy.ts";
import { type HttpUpstream, startHttpUpstream } from "../support/http-upstream.ts";
import { ONE_ATTEMPT } from "../support/reset-circuits.ts";
import { selfSigned } from "../support/self-signed.ts";
import { eventually } from "../support/stack.ts";
import { chatStream, chatWhole } from "../support/wire-answers.ts";

const SECRET = "pr0xy-passw0rd";
const PROMPT = "a word for the provider alone";
const { CONNECT_TIMEOUT, NETWORK, PROVIDER_AUTHENTICATION } = ErrorCategory;

/** A server that takes connections and never says a word, not even for TLS. */
async function startMute() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" ? address?.port : 0,
    sockets,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let folder: string;
let proxy: HttpProxy;
let mute: Awaited<ReturnType<typeof startMute>>;
let trusted: HttpUpstream;
let on: FieldStack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-provider-status-"));
  const { cert, key } = selfSigned(folder, "server");
  proxy = await startHttpProxy({ credentials: `user:${SECRET}` });
  mute = await startMute();
  trusted = await startHttpUpstream(({ response }) => response.end(), { cert, key });
  const { port } = new URL(trusted.baseUrl);
  const { host } = new URL(proxy.url);
  on = await startFieldStack(
    ["one"],
    (url) => `
providers:
  - {id: one, type: openai, base_url: "${url("one")}/v1", api_key_env: UP_KEY}
  - {id: refused, type: openai, base_url: "http://127.0.0.1:1/v1", api_key_env: UP_KEY}
  - {id: unknown, type: openai, base_url: "http://nobody.invalid/v1", api_key_env: UP_KEY}
  - {id: self-signed, type: openai, base_url: "https://127.0.0.1:${port}/v1", api_key_env: UP_KEY}
  - {id: plain, type: openai, base_url: "${url("one").replace("http:", "https:")}/v1", api_key_env: UP_KEY}
  - {id: mute, type: openai, base_url: "https://127.0.0.1:${mute.port}/v1", api_key_env: UP_KEY}
  - {id: proxied, type: openai, base_url: "${url("one")}/v1", api_key_env: UP_KEY, proxy_url: "http://user:wrong-${SECRET}@${host}"}
  - {id: proxyless, type: openai, base_url: "${url("one")}/v1", api_key_env: UP_KEY, proxy_url: "http://127.0.0.1:1"}
models:
${["one", "refused", "unknown", "self-signed", "plain", "mute", "proxied", "proxyless"].map((id) => `  - {id: m-${id}, provider: ${id}}`).join("\n")}
`,
  );
});

afterAll(async () => {
  await on[Symbol.asyncDispose]();
  await trusted[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  mute.close();
  rmSync(folder, { recursive: true });
});

const call = (mode: (typeof MODES)[number], id: string) =>
  on.call(mode, { model: `m-${id}`, prompt: PROMPT, retry: ONE_ATTEMPT } as never);

async function statusOf(id: string) {
  const status = (await on.admin.getProviderStatus({ providers: [id] })).providers[id];
  if (status === undefined) throw new Error(`no state of ${id}`);
  return status;
}

describe.each(MODES)("%s", (mode) => {
  it.each([
    ["refused", NETWORK, "the connection to the provider failed (ECONNREFUSED)"],
    ["unknown", NETWORK, /^the connection to the provider failed \((?:ENOTFOUND|EAI_AGAIN)\)$/],
    [
      "self-signed",
      NETWORK,
      "the provider's certificate is signed by itself and not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT)",
    ],
    ["plain", NETWORK, /^the provider does not speak TLS at this address \(ERR_SSL_\w+\)$/],
    ["proxied", NETWORK, "the proxy did not accept the credentials for it (HTTP 407)"],
    ["proxyless", NETWORK, "the connection to the proxy failed (ECONNREFUSED)"],
  ] as const)("%s", async (id, category, message) => {
    const { error } = await call(mode, id);
    const status = await statusOf(id);
    expect(status.lastErrorCategory).toBe(category);
    expect(status.lastErrorMessage).toMatch(message);
    expect(error?.message).toContain(status.lastErrorMessage);
    expect(status.lastErrorMessage).not.toContain(SECRET);
  });

  it("mute", async () => {
    const before = mute.sockets.length;
    const calling = call(mode, "mute");
    await eventually(() => mute.sockets.length === before + 1);
    await on.advance(60_000);
    await calling;
    const status = await statusOf("mute");
    expect(status.lastErrorCategory).toBe(CONNECT_TIMEOUT);
    expect(status.lastErrorMessage).toMatch(/^no connection within \d+ ms$/);
  });

  it("an answer has the words of the gateway and none of the provider's", async () => {
    const body = { error: { message: `no: ${PROMPT}`, code: "invalid_api_key" } };
    await on.script({ one: () => ({ status: 401, body }) });
    await call(mode, "one");
    const failed = await statusOf("one");
    expect(failed.lastErrorCategory).toBe(PROVIDER_AUTHENTICATION);
    expect(failed.lastErrorMessage).toBe("the provider answered with HTTP 401 (invalid_api_key)");
    // The last failure stays the last one.
    await on.script({
      one: ({ stream }) =>
        stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" }),
    });
    expect((await call(mode, "one")).generation?.outputText).toBe("ok");
    expect((await statusOf("one")).lastErrorMessage).toBe(failed.lastErrorMessage);
  });
});
