import http2 from "node:http2";
import https from "node:https";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { createHttpListener } from "../../../src/rpc/http-listener.ts";
import type { Listener } from "../../../src/rpc/listener.ts";
import { callsOf } from "../../support/calls.ts";
import { type Certificates, makeCertificates } from "../../support/certificates.ts";
import { eventually } from "../../support/stack.ts";

const KIB = 1024;

let files: Certificates;

beforeAll(() => {
  files = makeCertificates("client.test");
});

afterAll(() => files[Symbol.dispose]());

/** A listener by the server's certificate; with `clientCa`, for clients with a certificate alone. */
async function open(clientCa?: Buffer) {
  const tls = { cert: files.read(files.serverCert), key: files.read(files.serverKey), clientCa };
  const dispatcher = createDispatcher({
    services: [],
    calls: callsOf("alice"),
    requestBytes: 64 * KIB,
    clock: systemClock,
  });
  const listener = await createHttpListener({
    address: { host: "127.0.0.1", port: 0 },
    tls,
    corsOrigins: [],
    requestBytes: 64 * KIB,
    dispatcher,
    clock: systemClock,
    storeTrouble: () => undefined,
  });
  return { listener, tls, [Symbol.asyncDispose]: () => listener.close() };
}

const clientFiles = () => ({
  ca: files.read(files.ca),
  cert: files.read(files.clientCert),
  key: files.read(files.clientKey),
});

/** The answer of `/livez` over HTTP/1.1, and the name of the certificate that it came by. */
function ask({ address }: Listener, options: https.RequestOptions = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; name: string }>();
  const { port } = address;
  const ca = files.read(files.ca);
  const request = https.get({ port, path: "/livez", ca, agent: false, ...options }, (response) => {
    const { subject } = (response.socket as TLSSocket).getPeerCertificate() as PeerCertificate;
    response.resume();
    response.once("end", () =>
      resolve({ status: response.statusCode ?? 0, name: String(subject.CN) }),
    );
  });
  request.once("error", reject);
  return promise;
}

/** A connection over HTTP/2, and what the server allows on it. */
async function connect({ address }: Listener) {
  const session = http2.connect(`https://127.0.0.1:${address.port}`, { ca: files.read(files.ca) });
  const settings = await new Promise<http2.Settings>((resolve, reject) => {
    session.once("remoteSettings", resolve);
    session.once("error", reject);
  });
  const statusOf = (path: string) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": path });
      stream.once("response", (headers) => resolve(headers[":status"]));
      stream.once("error", reject);
      stream.resume();
    });
  return { settings, statusOf, [Symbol.dispose]: () => session.destroy() };
}

describe("the HTTP listener with TLS", () => {
  it("serves HTTP/1.1 and HTTP/2 at one address, and tells the bounds of a connection", async () => {
    await using set = await open();
    expect(await ask(set.listener)).toEqual({ status: 200, name: "server" });
    using client = await connect(set.listener);
    expect(await client.statusOf("/livez")).toBe(200);
    expect(client.settings).toMatchObject({
      maxConcurrentStreams: 1_000,
      maxHeaderListSize: 16 * KIB,
    });
  });

  it("refuses long headers", async () => {
    await using set = await open();
    const headers = (length: number) => ({ headers: { "x-long": "a".repeat(length) } });
    expect((await ask(set.listener, headers(15 * KIB))).status).toBe(200);
    expect((await ask(set.listener, headers(17 * KIB))).status).toBe(431);
  });

  it("serves clients without a certificate, unless it has an authority for them", async () => {
    await using set = await open();
    expect((await ask(set.listener)).status).toBe(200);
    await using strict = await open(files.read(files.ca));
    await expect(ask(strict.listener)).rejects.toThrow();
    expect((await ask(strict.listener, clientFiles())).status).toBe(200);
    // The server's certificate is of that authority too, but another one's is not.
    await using foreign = await open(files.read(files.serverCert));
    await expect(ask(foreign.listener, clientFiles())).rejects.toThrow();
  });

  it("takes another certificate for new handshakes, and keeps the connections that are open", async () => {
    await using set = await open();
    using client = await connect(set.listener);
    const { ca, cert, key } = clientFiles();
    const next = { cert, key, clientCa: ca };
    expect(set.listener.tls).toBe(set.tls);
    set.listener.setTls(next);
    expect(set.listener.tls).toBe(next);
    // The name of the certificate is another one, which is not what is tested here.
    const checkServerIdentity = () => undefined;
    expect(await ask(set.listener, { checkServerIdentity })).toEqual({
      status: 200,
      name: "client",
    });
    expect(await client.statusOf("/livez")).toBe(200);
  });

  it("counts the connections, and ends them as it closes", async () => {
    await using set = await open();
    using client = await connect(set.listener);
    expect(await client.statusOf("/livez")).toBe(200);
    expect(set.listener.connections).toBe(1);
    set.listener.stopListening();
    expect(await client.statusOf("/livez")).toBe(200);
    await expect(ask(set.listener)).rejects.toThrow("ECONNREFUSED");
    client[Symbol.dispose]();
    await eventually(() => set.listener.connections === 0);
  });
});
