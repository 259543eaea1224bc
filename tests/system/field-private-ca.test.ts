import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { startService } from "../support/service.ts";
import { chatWhole, writeAnswer } from "../support/wire-answers.ts";

const { generate } = GenerationService.method;

let certificates: Certificates;
let port: number;
const server = { close: () => {} };

beforeAll(async () => {
  certificates = makeCertificates("unused.example");
  const { read, serverCert, serverKey } = certificates;
  const https = createServer({ cert: read(serverCert), key: read(serverKey) }, (_, response) =>
    writeAnswer(response, chatWhole({ content: "by TLS" })),
  );
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  port = (https.address() as AddressInfo).port;
  server.close = () => void https.close();
});

afterAll(() => {
  server.close();
  certificates[Symbol.dispose]();
});

describe("a server with a certificate of a private authority", () => {
  it.each([
    ["that NODE_EXTRA_CA_CERTS names is called", true, "127.0.0.1", 0],
    ["is called by another of its names", true, "localhost", 0],
    ["that nobody names is not called", false, "127.0.0.1", 14],
    ["is not called by a name that it has not", true, "127.0.0.2", 14],
  ])("field:X17: %s", async (_name, trusted, host, code) => {
    const service = await startService({
      startTimeoutMs: 45_000,
      env: trusted ? { NODE_EXTRA_CA_CERTS: certificates.ca } : {},
      config: `
providers: [{id: own, type: openai, base_url: "https://${host}:${port}/v1"}]
models: [{id: m, provider: own}]
`,
    });
    const client = createGrpcClient(service.grpc);
    const ended = await client.unary(generate, { spec: { model: "m", prompt: "q" } }).then(
      ({ generation }) => generation?.outputText,
      (error: { code: number }) => error.code,
    );
    expect(ended).toBe(code === 0 ? "by TLS" : code);
    client.close();
    await service.stop();
  });
});
