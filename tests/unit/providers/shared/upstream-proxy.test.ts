// Calls that go by a proxy: which ones, and what is told of a proxy that fails.
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../../src/clock.ts";
import type { ProxySettings } from "../../../../src/domain/connection-settings.ts";
import { createUpstream, type Upstream } from "../../../../src/providers/shared/upstream.ts";
import { type Certificates, makeCertificates } from "../../../support/certificates.ts";
import { type HttpProxy, startHttpProxy, type TunnelAnswer } from "../../../support/http-proxy.ts";
import { type HttpUpstream, startHttpUpstream } from "../../../support/http-upstream.ts";
import { eventually } from "../../../support/stack.ts";

const never = new AbortController().signal;
const SECRET = "s3cret/word";

let certificates: Certificates;
let ca: string;
let plain: HttpUpstream;
let secure: HttpUpstream;

beforeAll(async () => {
  certificates = makeCertificates("unused.example");
  const { read, serverCert: cert, serverKey: key } = certificates;
  ca = read(certificates.ca).toString();
  plain = await startHttpUpstream(({ response }) => response.end("plain"));
  secure = await startHttpUpstream(({ response }) => response.end("secure"), {
    cert: read(cert),
    key: read(key),
  });
});

afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  await secure[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

/** One proxy for all, with an exception for the hosts of `except`. */
function by(url: string, except = ""): ProxySettings {
  return { http: url, https: url, except };
}

async function post(upstream: Upstream, signal = never): Promise<string> {
  const request = { path: "/v1/x", headers: {}, body: "{}", connectTimeoutMs: 5_000 };
  return (await upstream.send(request, signal)).text();
}

/** One call; the connections are closed behind it. */
async function call(baseUrl: string, proxy: ProxySettings, clock: Clock = systemClock) {
  const upstream = createUpstream(baseUrl, clock, { proxy, tls: { ca } });
  try {
    return await post(upstream);
  } finally {
    await upstream.close();
  }
}

const hostOf = (baseUrl: string): string => new URL(baseUrl).host;

describe("a call by a proxy", () => {
  it("is in a tunnel, with TLS and without", async () => {
    await using proxy = await startHttpProxy();
    expect(await call(secure.baseUrl, by(proxy.url))).toBe("secure");
    expect(await call(plain.baseUrl, by(proxy.url))).toBe("plain");
    const targets = [hostOf(secure.baseUrl), hostOf(plain.baseUrl)];
    expect(proxy.asked).toEqual(targets.map((target) => ({ target, credentials: "" })));
    expect(proxy.forwarded).toEqual([]);
  });

  it("goes by a proxy that speaks TLS, whose certificate is checked by itself", async () => {
    const { read, serverCert: cert, serverKey: key } = certificates;
    await using proxy = await startHttpProxy({ tls: { cert: read(cert), key: read(key) } });
    await expect(call(secure.baseUrl, by(proxy.url))).rejects.toMatchObject({
      kind: "network",
      message:
        "the proxy's certificate is of an authority that is not trusted here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
      providerFailure: { shouldRetry: false, reached: "nothing" },
    });
    expect(proxy.asked).toEqual([]);
  });

  it("has the credentials of the address, as they are behind the percent signs", async () => {
    await using proxy = await startHttpProxy({ credentials: `us@er:${SECRET}` });
    const url = proxy.url.replace("://", `://us%40er:${encodeURIComponent(SECRET)}@`);
    expect(await call(secure.baseUrl, by(url))).toBe("secure");
    const [seen] = secure.seen.slice(-1);
    expect(seen?.request.headers).not.toHaveProperty("proxy-authorization");
  });

  it("passes over answers of 1xx behind the tunnel, with TLS and without", async () => {
    const { read, serverCert: cert, serverKey: key } = certificates;
    await using proxy = await startHttpProxy();
    for (const tls of [undefined, { cert: read(cert), key: read(key) }]) {
      await using upstream = await startHttpUpstream(({ response }) => {
        response.writeContinue();
        response.writeProcessing();
        response.end("whole");
      }, tls);
      expect(await call(upstream.baseUrl, by(proxy.url))).toBe("whole");
    }
  });

  it("resolves no name itself", async () => {
    const { port } = new URL(plain.baseUrl);
    await using proxy = await startHttpProxy({ portOf: () => Number(port) });
    expect(await call("http://vendor.invalid:81/v1", by(proxy.url))).toBe("plain");
    expect(await call("http://vendor.invalid/v1", by(proxy.url))).toBe("plain");
    expect(proxy.asked.map(({ target }) => target)).toEqual([
      "vendor.invalid:81",
      "vendor.invalid:80",
    ]);
  });

  it("keeps its tunnel for the next call, and has one for each that runs", async () => {
    const waiting: (() => void)[] = [];
    await using upstream = await startHttpUpstream(({ response }) => {
      waiting.push(() => response.end("ok"));
    });
    await using proxy = await startHttpProxy();
    const own = createUpstream(upstream.baseUrl, systemClock, { proxy: by(proxy.url) });
    const calls = Array.from({ length: 20 }, () => post(own));
    await eventually(() => waiting.length === 20);
    expect(proxy.open).toBe(20);
    for (const end of waiting.splice(0)) end();
    expect(await Promise.all(calls)).toHaveLength(20);
    const next = post(own);
    await eventually(() => waiting.length === 1);
    waiting[0]?.();
    await next;
    expect(proxy.asked.length).toBeLessThanOrEqual(21);
    await own.close();
    await eventually(() => proxy.open === 0);
  });

  it("that is cancelled closes the tunnel, before the answer and in it", async () => {
    let isSeen = false;
    await using upstream = await startHttpUpstream(({ response }) => {
      isSeen = true;
      response.write("some");
    });
    await using proxy = await startHttpProxy();
    const own = createUpstream(upstream.baseUrl, systemClock, { proxy: by(proxy.url) });
    const controller = new AbortController();
    const sent = post(own, controller.signal);
    await eventually(() => isSeen);
    const reason = new RangeError("stop");
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
    await eventually(() => proxy.open === 0);
    await own.close();
  });

  it("that is cancelled while the proxy is silent ends at once", async () => {
    await using proxy = await startHttpProxy();
    proxy.answer("mute");
    const own = createUpstream(secure.baseUrl, systemClock, { proxy: by(proxy.url) });
    const controller = new AbortController();
    const sent = post(own, controller.signal);
    await eventually(() => proxy.asked.length === 1);
    controller.abort(new RangeError("stop"));
    await expect(sent).rejects.toThrow("stop");
    await own.close();
  });

  it("has the time for a connection that any call has", async () => {
    await using proxy = await startHttpProxy();
    proxy.answer("mute");
    let pass = (): void => {};
    const clock: Clock = {
      ...systemClock,
      schedule(_ms, callback) {
        pass = callback;
        return () => {};
      },
    };
    const sent = call(secure.baseUrl, by(proxy.url), clock);
    await eventually(() => proxy.asked.length === 1);
    pass();
    await expect(sent).rejects.toMatchObject({ kind: "connect-timeout" });
  });
});

describe("a proxy that fails is told of as what it is", () => {
  const withUser = (url: string) => url.replace("://", `://user:${encodeURIComponent(SECRET)}@`);

  it.each<readonly [TunnelAnswer, string, boolean | undefined]>([
    [407, "the proxy did not accept the credentials for it (HTTP 407)", false],
    [401, "the proxy refused the connection to the provider (HTTP 401)", false],
    [403, "the proxy refused the connection to the provider (HTTP 403)", false],
    [405, "the proxy refused the connection to the provider (HTTP 405)", false],
    [302, "the proxy refused the connection to the provider (HTTP 302)", false],
    [429, "the proxy refused the connection to the provider (HTTP 429)", undefined],
    [500, "the proxy could not connect to the provider (HTTP 500)", undefined],
    [501, "the proxy could not connect to the provider (HTTP 501)", false],
    [502, "the proxy could not connect to the provider (HTTP 502)", undefined],
    [503, "the proxy could not connect to the provider (HTTP 503)", undefined],
    ["close", "the connection to the proxy failed (UND_ERR_SOCKET)", undefined],
    ["garbage", "the proxy's answer is not valid HTTP", undefined],
    ["cut", "the connection to the provider failed (ECONNRESET)", undefined],
  ])("%s", async (answer, message, shouldRetry) => {
    await using proxy = await startHttpProxy();
    proxy.answer(answer);
    const failure: unknown = await call(secure.baseUrl, by(withUser(proxy.url))).catch(
      (error: unknown) => error,
    );
    const reason =
      typeof answer === "number"
        ? "PROXY_REFUSED"
        : answer === "cut"
          ? undefined
          : "PROXY_CONNECTION";
    expect(failure).toMatchObject({ kind: "network", message, reason });
    expect(failure).toHaveProperty("providerFailure.reached", "nothing");
    expect(failure).not.toHaveProperty("providerFailure.httpStatus");
    if (shouldRetry === undefined)
      expect(failure).not.toHaveProperty("providerFailure.shouldRetry");
    else expect(failure).toHaveProperty("providerFailure.shouldRetry", shouldRetry);
    expect(inspect(failure, { depth: 9 })).not.toContain(encodeURIComponent(SECRET));
    expect(inspect(failure, { depth: 9 })).not.toContain(
      Buffer.from(`user:${SECRET}`).toString("base64"),
    );
  });

  it.each([
    ["refuses connections", "http://127.0.0.1:1", "ECONNREFUSED"],
    ["has a name that nobody knows", "http://proxy.invalid:3128", undefined],
  ])("one that %s", async (_name, url, code) => {
    const failure: unknown = await call(secure.baseUrl, by(url)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "network", providerFailure: { reached: "nothing" } });
    expect(String(failure)).toMatch(/the connection to the proxy failed \(E[A-Z_]+\)/);
    if (code !== undefined) expect(failure).toHaveProperty("providerFailure.code", code);
  });

  it("one that cannot find the provider", async () => {
    await using proxy = await startHttpProxy();
    await expect(call("https://vendor.invalid/v1", by(proxy.url))).rejects.toMatchObject({
      kind: "network",
      message: "the proxy could not connect to the provider (HTTP 502)",
      metadata: { proxy_status: "502" },
    });
  });

  it("a provider's own certificate and answer behind it are told of as ever", async () => {
    await using proxy = await startHttpProxy();
    const own = createUpstream(secure.baseUrl, systemClock, { proxy: by(proxy.url) });
    await expect(post(own)).rejects.toMatchObject({
      message:
        "the provider's certificate is of an authority that is not trusted here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
    });
    await own.close();
  });
});

describe("hosts that are called directly", () => {
  /** By the rules of undici's EnvHttpProxyAgent, which decides. */
  it.each([
    ["", true],
    ["localhost", false],
    ["LOCALHOST", false],
    [".localhost", false],
    ["*", false],
    ["example.com localhost", false],
    ["example.com,localhost", false],
    ["localhost:1", true],
    ["localhost:PORT", false],
    ["host", true],
    ["127.0.0.1", true],
    ["*.localhost", true],
  ])("NO_PROXY=%s", async (list, isProxied) => {
    await using proxy = await startHttpProxy();
    const except = list.replace("PORT", new URL(secure.baseUrl).port);
    expect(await call(secure.baseUrl, by(proxy.url, except))).toBe("secure");
    expect(proxy.asked).toHaveLength(isProxied ? 1 : 0);
  });

  it("a loopback address is no exception by itself", async () => {
    await using proxy = await startHttpProxy();
    expect(await call(plain.baseUrl, by(proxy.url))).toBe("plain");
    expect(proxy.asked).toHaveLength(1);
  });

  it("each scheme has its own proxy", async () => {
    await using one = await startHttpProxy();
    await using other = await startHttpProxy();
    const proxies = { http: one.url, https: other.url, except: "" };
    await call(plain.baseUrl, proxies);
    await call(secure.baseUrl, proxies);
    expect([one, other].map(({ asked }: HttpProxy) => asked.length)).toEqual([1, 1]);
    await call(plain.baseUrl, { ...proxies, http: "" });
    expect(one.asked).toHaveLength(1);
  });
});
