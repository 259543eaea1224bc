import { readFileSync } from "node:fs";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import type { TlsMaterial } from "../../../src/domain/tls-material.ts";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { createGrpcListener } from "../../../src/rpc/grpc-listener.ts";
import type { Listener } from "../../../src/rpc/listener.ts";
import { callsOf } from "../../support/calls.ts";
import { type Certificates, makeCertificates } from "../../support/certificates.ts";
import { eventually } from "../../support/stack.ts";

const IMAGE = readFileSync(join(import.meta.dirname, "../../../gen/steer.binpb"));
const CHECK = "/grpc.health.v1.Health/Check";
const { UNAVAILABLE } = grpc.status;

let files: Certificates;

beforeAll(() => {
  files = makeCertificates("client.test");
});

afterAll(() => files[Symbol.dispose]());

async function open(clientCa?: Buffer) {
  const tls = { cert: files.read(files.serverCert), key: files.read(files.serverKey), clientCa };
  const requestBytes = 64 * 1024;
  const listener = await createGrpcListener({
    address: { host: "127.0.0.1", port: 0 },
    tls,
    requestBytes,
    dispatcher: createDispatcher({
      services: [],
      calls: callsOf("alice"),
      requestBytes,
      clock: systemClock,
    }),
    image: IMAGE,
    clock: systemClock,
    ageLimit: undefined,
  });
  return { listener, tls, [Symbol.asyncDispose]: () => listener.close() };
}

/** A client, with a certificate of its own or without one. */
function clientOf({ address }: Listener, isKnown = false) {
  const own = isKnown ? [files.read(files.clientKey), files.read(files.clientCert)] : [null, null];
  const [key = null, cert = null] = own;
  const credentials = grpc.credentials.createSsl(files.read(files.ca), key, cert);
  const client = new grpc.Client(`127.0.0.1:${address.port}`, credentials, {
    "grpc.ssl_target_name_override": "localhost",
  });
  /** The status of a health check, as a number of gRPC. */
  const check = () =>
    new Promise<number>((resolve) => {
      const asIs = (bytes: Buffer): Buffer => bytes;
      client.makeUnaryRequest(CHECK, asIs, asIs, Buffer.alloc(0), (error) =>
        resolve(error?.code ?? 0),
      );
    });
  return { check, [Symbol.dispose]: () => client.close() };
}

describe("the gRPC listener with TLS", () => {
  it("serves clients without a certificate, and counts their connections", async () => {
    await using set = await open();
    using client = clientOf(set.listener);
    expect(await client.check()).toBe(grpc.status.OK);
    expect(set.listener.connections).toBe(1);
    client[Symbol.dispose]();
    await eventually(() => set.listener.connections === 0);
  });

  it("serves clients by their certificate alone where it has an authority for them", async () => {
    await using set = await open(files.read(files.ca));
    using stranger = clientOf(set.listener);
    expect(await stranger.check()).toBe(UNAVAILABLE);
    using known = clientOf(set.listener, true);
    expect(await known.check()).toBe(grpc.status.OK);
  });

  it("takes other files for new handshakes, and keeps the connections that are open", async () => {
    await using set = await open(files.read(files.ca));
    using before = clientOf(set.listener, true);
    expect(await before.check()).toBe(grpc.status.OK);
    expect(set.listener.tls).toBe(set.tls);
    // Of an authority that has signed nobody.
    const next: TlsMaterial = { ...set.tls, clientCa: files.read(files.serverCert) };
    set.listener.setTls(next);
    expect(set.listener.tls).toBe(next);
    using after = clientOf(set.listener, true);
    expect(await after.check()).toBe(UNAVAILABLE);
    expect(await before.check()).toBe(grpc.status.OK);
  });
});
