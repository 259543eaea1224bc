import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

// Callers are known by the names of their certificates, compared as the standard of each type says.

const { generate } = GenerationService.method;
const spec = { model: "simulator", prompt: "Hi" };

/** A name in a client's certificate, and the caller that the client is; undefined: none. */
const CLIENTS: readonly (readonly [string, string | undefined])[] = [
  ["DNS=A.EXAMPLE", "dns"],
  ["DNS=*.fleet.example", "fleet"],
  ["IP=10.0.0.7", "ip"],
  ["IP=::ffff:10.0.0.7", "ip"],
  ["URI=spiffe://td/ns/a", "uri"],
  ["email=Ann@EXAMPLE.com", "mail"],
  ["DNS=*.two.example", undefined],
  ["DNS=b.a.example", undefined],
  ["URI=spiffe://TD/ns/a", undefined],
  ["URI=spiffe://td/x, DNS:a.example, y", undefined],
  ["email=ann@example.com", undefined],
];

let certificates: Certificates;
let service: ServiceProcess;

beforeAll(async () => {
  certificates = makeCertificates(
    "unused.example",
    CLIENTS.map(([name]) => name),
  );
  const { serverCert, serverKey, ca } = certificates;
  const files = `{cert_file: ${serverCert}, key_file: ${serverKey}, client_ca_file: ${ca}}`;
  service = await startService({
    startTimeoutMs: 60_000,
    config: `
grpc: {tls: ${files}}
http: {tls: ${files}}
callers:
  - {id: dns, role: caller, client_cert_san: a.example.}
  - {id: fleet, role: caller, client_cert_san: node-1.Fleet.example}
  - {id: ip, role: caller, client_cert_san: "::ffff:10.0.0.7"}
  - {id: uri, role: caller, client_cert_san: "spiffe://td/ns/a"}
  - {id: mail, role: caller, client_cert_san: Ann@example.com}
  - {id: one, role: caller, client_cert_san: 1.two.example}
  - {id: two, role: operator, client_cert_san: 2.two.example}
`,
  });
});

afterAll(async () => {
  await service.stop();
  certificates[Symbol.dispose]();
});

describe("names of client certificates", () => {
  it.each(CLIENTS.map(([name, caller], index) => [name, caller, index] as const))(
    "%s is the caller %s on both ports",
    async (_name, caller, index) => {
      const files = certificates.more[index];
      if (files === undefined) throw new Error("no certificate");
      const { read, ca } = certificates;
      const [cert, key] = [read(files.cert), read(files.key)];
      const overGrpc = createGrpcClient(
        service.grpc,
        grpc.credentials.createSsl(read(ca), key, cert),
      );
      const overHttp = createClient(
        GenerationService,
        createConnectTransport({
          baseUrl: service.http.replace("http:", "https:"),
          httpVersion: "1.1",
          nodeOptions: { ca: read(ca), cert, key, agent: false },
        }),
      );
      for (const call of [
        () => overGrpc.unary(generate, { spec }),
        () => overHttp.generate({ spec }),
      ]) {
        const ended = await call().then(
          () => 0,
          (error: { code: number }) => error.code,
        );
        expect(ended).toBe(caller === undefined ? 16 : 0);
        if (caller !== undefined) await service.logged({ event: "call", code: "OK", caller });
      }
      overGrpc.close();
    },
  );
});
