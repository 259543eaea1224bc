// TLS with providers: whom the gateway trusts, and which certificate it shows.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import type { ConnectionSettings } from "../../../../src/domain/connection-settings.ts";
import { createUpstream } from "../../../../src/providers/shared/upstream.ts";
import { type Certificates, makeCertificates } from "../../../support/certificates.ts";
import { startHttpProxy } from "../../../support/http-proxy.ts";
import { startHttpUpstream } from "../../../support/http-upstream.ts";
import { selfSigned } from "../../../support/self-signed.ts";
import { environmentOfRun } from "../../../support/test-run.ts";

const never = new AbortController().signal;

let folder: string;
let own: Certificates;
let strange: Certificates;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-upstream-tls-"));
  own = makeCertificates("gateway.example", ["DNS=other.example"]);
  strange = makeCertificates("gateway.example");
});

afterAll(() => {
  own[Symbol.dispose]();
  strange[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const authority = ({ read, ca }: Certificates) => read(ca).toString();

const client = ({ read, clientCert, clientKey }: Certificates) => ({
  cert: read(clientCert).toString(),
  key: read(clientKey).toString(),
});

const serverOf = ({ read, serverCert, serverKey }: Certificates): ServerOptions => ({
  cert: read(serverCert),
  key: read(serverKey),
});

/** What a server answers, directly and by a proxy, or what each call fails with. */
async function answers(server: ServerOptions, tls: ConnectionSettings["tls"], host = "localhost") {
  await using upstream = await startHttpUpstream(({ response }) => response.end("ok"), server);
  await using proxy = await startHttpProxy();
  const baseUrl = upstream.baseUrl.replace("localhost", host);
  const direct = tls === undefined ? {} : { tls };
  const ends: unknown[] = [];
  for (const connection of [
    direct,
    { ...direct, proxy: { http: "", https: proxy.url, except: "" } },
  ]) {
    const sender = createUpstream(baseUrl, systemClock, connection);
    const request = { path: "/v1/x", headers: {}, body: "{}", connectTimeoutMs: 5_000 };
    const sent = sender.send(request, never).then((response) => response.text());
    ends.push(await sent.catch((error: unknown) => error));
    await sender.close();
  }
  expect(proxy.asked.length).toBeGreaterThan(0);
  return ends;
}

function failure(message: string, more: object = {}) {
  const error = {
    kind: "network",
    reason: "PROVIDER_TLS",
    message,
    providerFailure: { shouldRetry: false, ...more },
  };
  return [expect.objectContaining(error), expect.objectContaining(error)];
}

describe("the authority of a server", () => {
  it("is the one of the settings, and no other", async () => {
    expect(await answers(serverOf(own), { ca: authority(own) })).toEqual(["ok", "ok"]);
    const unknown = "the provider's certificate is of an authority that is not trusted here";
    const code = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
    const refused = failure(`${unknown} (${code})`, { code, reached: "nothing" });
    expect(await answers(serverOf(own), undefined)).toEqual(refused);
    expect(await answers(serverOf(own), { ca: authority(strange) })).toEqual(refused);
    const both = authority(strange) + authority(own);
    expect(await answers(serverOf(own), { ca: both })).toEqual(["ok", "ok"]);
  });

  it.each([
    [
      "has expired",
      "200101",
      "200201",
      "the provider's certificate has expired (CERT_HAS_EXPIRED)",
    ],
    [
      "is not valid yet",
      "400101",
      "400201",
      "the provider's certificate is not valid yet (CERT_NOT_YET_VALID)",
    ],
  ])("a certificate that %s", async (name, from, until, message) => {
    const server = selfSigned(folder, name.replaceAll(" ", "-"), from, until);
    const ca = server.cert.toString();
    const code = /\((.*)\)/.exec(message)?.[1];
    const refused = failure(message, { code, reached: "nothing" });
    expect(await answers(server, { ca }, "127.0.0.1")).toEqual(refused);
  });

  it("a certificate that signs itself", async () => {
    const server = selfSigned(folder, "self");
    const code = "DEPTH_ZERO_SELF_SIGNED_CERT";
    const message = `the provider's certificate is signed by itself and not trusted here (${code})`;
    expect(await answers(server, undefined, "127.0.0.1")).toEqual(
      failure(message, { code, reached: "nothing" }),
    );
    const ca = server.cert.toString();
    expect(await answers(server, { ca }, "127.0.0.1")).toEqual(["ok", "ok"]);
  });

  it("a certificate for other names", async () => {
    const [other] = own.more;
    const server = { cert: own.read(other?.cert ?? ""), key: own.read(other?.key ?? "") };
    const code = "ERR_TLS_CERT_ALTNAME_INVALID";
    const message = `the provider's certificate is for other names (${code})`;
    expect(await answers(server, { ca: authority(own) })).toEqual(
      failure(message, { code, reached: "nothing" }),
    );
  });
});

describe("the gateway's own certificate", () => {
  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "is shown to a server that asks: %s",
    async (version) => {
      const server = {
        ...serverOf(own),
        ca: own.read(own.ca),
        requestCert: true,
        maxVersion: version,
        minVersion: version,
      };
      const tls = { ca: authority(own), ...client(own) };
      expect(await answers(server, tls)).toEqual(["ok", "ok"]);
    },
  );

  /** OpenSSL's own server: Node's closes the connection and does not say why. */
  async function refusal(version: string, tls: ConnectionSettings["tls"]): Promise<unknown> {
    const files = ["-cert", own.serverCert, "-key", own.serverKey, "-CAfile", own.ca];
    const server = spawn(
      "openssl",
      [
        "s_server",
        "-accept",
        "127.0.0.1:0",
        version,
        "-Verify",
        "1",
        "-verify_return_error",
        ...files,
      ],
      { env: environmentOfRun(), stdio: ["pipe", "pipe", "ignore"] },
    );
    const exited = once(server, "exit");
    let port = "";
    for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
      port = /ACCEPT \S+:(\d+)/.exec(String(chunk))?.[1] ?? port;
      if (port !== "") break;
    }
    const sender = createUpstream(`https://localhost:${port}`, systemClock, {
      tls: { ca: authority(own), ...tls },
    });
    const request = { path: "/v1/x", headers: {}, body: "{}", connectTimeoutMs: 5_000 };
    const end: unknown = await sender.send(request, never).catch((error: unknown) => error);
    await sender.close();
    server.kill("SIGKILL");
    await exited;
    return end;
  }

  it.each([
    [
      "-tls1_2",
      "missing",
      "the provider asks for a client certificate, or for another kind of TLS",
    ],
    ["-tls1_3", "missing", "the provider asks for a client certificate"],
    ["-tls1_2", "strange", "the provider did not accept the client certificate"],
    ["-tls1_3", "strange", "the provider did not accept the client certificate"],
  ])("that is not what the server asks for is told of: %s, %s", async (version, which, message) => {
    const end = await refusal(version, which === "missing" ? {} : client(strange));
    expect(end).toMatchObject({ kind: "network", providerFailure: { shouldRetry: false } });
    expect(String(end)).toContain(message);
  });
});

it("a server without TLS is told of as that", async () => {
  await using upstream = await startHttpUpstream(({ response }) => response.end("ok"));
  const baseUrl = upstream.baseUrl.replace("http:", "https:");
  const sender = createUpstream(baseUrl, systemClock);
  const request = { path: "/v1/x", headers: {}, body: "{}", connectTimeoutMs: 5_000 };
  await expect(sender.send(request, never)).rejects.toMatchObject({
    kind: "network",
    providerFailure: { shouldRetry: false },
    message: expect.stringContaining("the provider does not speak TLS at this address"),
  });
  await sender.close();
});
