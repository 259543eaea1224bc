import net from "node:net";
import tls from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate } = GenerationService.method;
const spec = { model: "simulator", prompt: "Hi" };

let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates("billing.example");
});

afterAll(() => {
  certificates[Symbol.dispose]();
});

function tlsConfig(withClients: boolean): string {
  const { serverCert, serverKey, ca } = certificates;
  const client = withClients ? `, client_ca_file: ${ca}` : "";
  const files = `{cert_file: ${serverCert}, key_file: ${serverKey}${client}}`;
  const callers = withClients
    ? "callers:\n  - {id: billing, role: caller, client_cert_san: billing.example}\n"
    : "";
  return `grpc: {tls: ${files}}\nhttp: {tls: ${files}}\n${callers}`;
}

function connect(service: ServiceProcess, httpVersion: "1.1" | "2", withKey: boolean) {
  const { read, ca, clientCert, clientKey } = certificates;
  const nodeOptions = {
    ca: read(ca),
    ...(withKey && { cert: read(clientCert), key: read(clientKey) }),
  };
  const baseUrl = service.http.replace("http:", "https:");
  return createClient(
    GenerationService,
    createConnectTransport({ baseUrl, httpVersion, nodeOptions }),
  );
}

describe("TLS", () => {
  it("serves both listeners, the HTTP one over HTTP/1.1 and HTTP/2", async () => {
    const service = await startService({ config: tlsConfig(false) });
    const client = createGrpcClient(
      service.grpc,
      grpc.credentials.createSsl(certificates.read(certificates.ca)),
    );
    expect((await client.unary(generate, { spec })).generation?.outputText).not.toBe("");
    for (const version of ["1.1", "2"] as const) {
      const { generation } = await connect(service, version, false).generate({ spec });
      expect(generation?.outputText, version).not.toBe("");
    }
    const plain = createGrpcClient(service.grpc);
    await expect(plain.unary(generate, { spec }, { timeoutMs: 2_000 })).rejects.toThrow();
    plain.close();
    client.close();
    await service.stop();
  });

  it("knows callers by their certificates, and refuses those without", async () => {
    const service = await startService({ config: tlsConfig(true) });
    const { read, ca, clientCert, clientKey } = certificates;
    const known = createGrpcClient(
      service.grpc,
      grpc.credentials.createSsl(read(ca), read(clientKey), read(clientCert)),
    );
    await known.unary(generate, { spec });
    await service.logged({ caller: "billing", code: "OK" });
    await connect(service, "1.1", true).generate({ spec });
    await connect(service, "2", true).generate({ spec });
    await service.logged({ caller: "billing", system: "connectrpc" });
    const unknown = createGrpcClient(service.grpc, grpc.credentials.createSsl(read(ca)));
    await expect(unknown.unary(generate, { spec }, { timeoutMs: 2_000 })).rejects.toThrow();
    await expect(connect(service, "1.1", false).generate({ spec })).rejects.toThrow();
    known.close();
    unknown.close();
    await service.stop();
  });

  it("closes connections that say nothing whole, on both listeners", async () => {
    const service = await startService({ config: tlsConfig(false) });
    const { read, ca } = certificates;
    const sockets = new Map<string, net.Socket>();
    for (const [listener, address] of Object.entries({ grpc: service.grpc, http: service.http })) {
      const port = Number(address.split(":").at(-1));
      const plain = (name: string, bytes: Buffer | string): void => {
        const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
        sockets.set(`${listener}: ${name}`, socket);
      };
      const secure = (name: string, protocol: string, text: string): void => {
        const options = { port, host: "127.0.0.1", ca: read(ca), ALPNProtocols: [protocol] };
        const socket = tls.connect(options, () => socket.write(text));
        sockets.set(`${listener}: ${name}`, socket);
      };
      plain("silence", "");
      plain("no TLS", "GET / HTTP/1.1\r\n\r\n");
      plain("half a handshake", Buffer.from("16030100c8010000c40303", "hex"));
      secure("silence inside", "h2", "");
      secure("half a preface", "h2", "PRI * HTTP/2.0\r\n\r\nSM");
      if (listener === "grpc") continue;
      secure("silence inside HTTP/1.1", "http/1.1", "");
      secure("half a request", "http/1.1", "POST /livez HTTP/1.1\r\nhost: x\r\nx-");
      secure("a header bomb", "http/1.1", `GET / HTTP/1.1\r\n${"x-bomb: y\r\n".repeat(20_000)}`);
    }
    const open = new Set(sockets.keys());
    for (const [name, socket] of sockets) {
      socket.resume();
      socket.on("error", () => {});
      socket.once("close", () => open.delete(name));
    }
    await eventually(() => open.size === 0).catch(() => {});
    expect([...open]).toEqual([]);
    await connect(service, "2", false).generate({ spec });
    await service.stop();
  });

  it("a certificate that cannot be read stops the start and is named", async () => {
    const config = "grpc: {tls: {cert_file: /nowhere/a.crt, key_file: /nowhere/a.key}}\n";
    await expect(startService({ config })).rejects.toThrow(/\/nowhere\/a\.crt/);
  });
});
