// Certificates change without a restart and without the end of a connection.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type RunningService, startService } from "../../src/service.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { fromExplainedFile } from "../support/config-file.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { eventually } from "../support/stack.ts";
import { stopAtOnce } from "../support/stop-at-once.ts";

const { generate, streamGenerate } = GenerationService.method;
const spec = { model: "simulator", prompt: "Hi" };
/** Longer than the time between two looks at the files. */
const LOOK_MS = 11_000;

/** Two authorities, each with a server and the client `billing.example`. */
let old: Certificates;
let fresh: Certificates;
let folder: string;
let clock: ManualClock;
let service: RunningService;
let log: Readonly<Record<string, unknown>>[];

const path = (name: string): string => join(folder, name);
const lines = (event: string) => log.filter((line) => line["event"] === event);
const portOf = (listener: "grpc" | "http"): number =>
  Number(String(log[0]?.[listener]).split(":").at(-1));

function install({ serverCert, serverKey, ca }: Certificates): void {
  copyFileSync(serverCert, path("server.crt"));
  copyFileSync(serverKey, path("server.key"));
  copyFileSync(ca, path("ca.crt"));
}

beforeAll(() => {
  old = makeCertificates("billing.example");
  fresh = makeCertificates("billing.example");
});

afterAll(() => {
  old[Symbol.dispose]();
  fresh[Symbol.dispose]();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-rotation-"));
  install(old);
  const files = `{cert_file: ${path("server.crt")}, key_file: ${path("server.key")}, client_ca_file: ${path("ca.crt")}}`;
  const config = `
grpc: {tls: ${files}}
http: {tls: ${files}}
callers:
  - {id: billing, role: caller, client_cert_san: billing.example}
`;
  clock = createManualClock();
  log = [];
  const environment = {
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
  };
  service = await startService(
    (line) => void log.push(line),
    clock,
    () => fromExplainedFile(config, environment),
  );
});

afterEach(async () => {
  await stopAtOnce(service, clock);
  rmSync(folder, { recursive: true });
});

function grpcClient({ read, ca, clientKey, clientCert }: Certificates) {
  const credentials = grpc.credentials.createSsl(read(ca), read(clientKey), read(clientCert));
  return createGrpcClient(`127.0.0.1:${portOf("grpc")}`, credentials);
}

function connectClient(
  { read, ca, clientKey, clientCert }: Certificates,
  httpVersion: "1.1" | "2",
) {
  const nodeOptions = { ca: read(ca), key: read(clientKey), cert: read(clientCert) };
  const baseUrl = `https://127.0.0.1:${portOf("http")}`;
  return createClient(
    GenerationService,
    createConnectTransport({ baseUrl, httpVersion, nodeOptions }),
  );
}

/** A handshake with the certificates of a client: what was agreed on, or why it failed. */
function shake(
  listener: "grpc" | "http",
  { read, ca, clientKey, clientCert }: Certificates,
  session?: Buffer,
): Promise<{ readonly protocol: string; readonly isReused: boolean; readonly session: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: "127.0.0.1",
      port: portOf(listener),
      ca: read(ca),
      key: read(clientKey),
      cert: read(clientCert),
      ALPNProtocols: ["h2"],
      ...(session !== undefined && { session }),
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
    let ticket = Buffer.alloc(0);
    socket.on("session", (bytes) => {
      ticket = bytes;
    });
    // With TLS 1.3 the server has taken the client's certificate when it says something.
    socket.once("data", () => {
      const protocol = String(socket.alpnProtocol);
      resolve({ protocol, isReused: socket.isSessionReused(), session: ticket });
      socket.destroy();
    });
  });
}

async function rotate(by: "signal" | "change"): Promise<void> {
  const before = lines("reloaded").length;
  if (by === "signal") await service.reload();
  else await clock.advance(LOOK_MS);
  await eventually(() => lines("reloaded").length > before);
}

describe.each(["signal", "change"] as const)("field:X16: TLS files taken over by a %s", (by) => {
  it("serve new handshakes on both ports, with callers known by new certificates", async () => {
    install(fresh);
    await rotate(by);
    expect(lines("reloaded")).toMatchObject([{ cause: by === "signal" ? "signal" : "tls" }]);
    for (const listener of ["grpc", "http"] as const) {
      expect((await shake(listener, fresh)).protocol).toBe("h2");
      await expect(shake(listener, old)).rejects.toThrow();
    }
    const client = grpcClient(fresh);
    expect((await client.unary(generate, { spec })).generation?.outputText).not.toBe("");
    client.close();
    for (const version of ["1.1", "2"] as const) {
      const { generation } = await connectClient(fresh, version).generate({ spec });
      expect(generation?.outputText, version).not.toBe("");
    }
    await eventually(() => lines("call").length === 3);
    expect(lines("call").map(({ caller, code }) => [caller, code])).toEqual(
      Array.from({ length: 3 }, () => ["billing", "OK"]),
    );
  });

  it("leave open connections and the streams on them as they are", async () => {
    const overGrpc = grpcClient(old);
    const overConnect = connectClient(old, "2");
    const simulator = { tokens: 20, pace_ms: 100 };
    const request = { spec: { ...spec, providerOptions: { simulator } as never } };
    const streams = [
      overGrpc.stream(streamGenerate, request),
      overConnect.streamGenerate(request as never),
    ].map((stream) => stream[Symbol.asyncIterator]());
    for (const stream of streams) await stream.next();
    install(fresh);
    await rotate(by);
    const ends = streams.map(async (stream) => {
      let last: string | undefined;
      for (let next = await stream.next(); next.done !== true; next = await stream.next()) {
        last = next.value.event.case;
      }
      return last;
    });
    let count = 0;
    void Promise.all(ends).then(() => count++);
    await eventually(async () => {
      await clock.advance(100);
      return count > 0;
    });
    expect(await Promise.all(ends)).toEqual(["complete", "complete"]);
    // New calls on the connections of before are served, too.
    await overGrpc.unary(generate, { spec });
    await overConnect.generate({ spec });
    overGrpc.close();
  });

  it("end the sessions that clients could resume: an authority that is gone vouches for nobody", async () => {
    const { session } = await shake("grpc", old);
    expect((await shake("grpc", old, session)).isReused).toBe(true);
    install(fresh);
    await rotate(by);
    const mixed = { ...old, ca: fresh.ca, read: old.read };
    await expect(shake("grpc", mixed, session)).rejects.toThrow();
  });
});

describe("field:X16: TLS files that cannot be used leave those before in use, and are told of", () => {
  const spoiled: readonly [string, () => void, RegExp][] = [
    [
      "a key of another certificate",
      () => copyFileSync(fresh.serverKey, path("server.key")),
      /no pair/,
    ],
    [
      "a certificate of another key",
      () => copyFileSync(fresh.serverCert, path("server.crt")),
      /no pair/,
    ],
    ["half a certificate", () => writeFileSync(path("server.crt"), "-----BEGIN CERT"), /no pair/],
    ["an empty key", () => writeFileSync(path("server.key"), ""), /no pair/],
    ["no certificate", () => rmSync(path("server.crt")), /server\.crt cannot be read/],
    ["an authority that is none", () => writeFileSync(path("ca.crt"), "x"), /holds no certificate/],
  ];

  it.each(spoiled)("%s", async (_name, spoil, why) => {
    spoil();
    for (let looks = 0; looks < 3; looks++) await clock.advance(LOOK_MS);
    await eventually(() => lines("reload failed").length > 0);
    expect(lines("reload failed")).toMatchObject([{ cause: "tls" }]);
    expect(lines("reload failed")[0]?.["message"]).toMatch(why);
    await service.reload();
    expect(lines("reload failed").at(-1)).toMatchObject({ cause: "signal" });
    for (const listener of ["grpc", "http"] as const) await shake(listener, old);
    install(fresh);
    await rotate("change");
    for (const listener of ["grpc", "http"] as const) await shake(listener, fresh);
    expect(JSON.stringify(log)).not.toContain("PRIVATE KEY");
  });
});
