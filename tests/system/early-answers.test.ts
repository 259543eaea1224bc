// Answers that come before their request is whole, on connections that end with them: the client still sends.
import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const GENERATE = `/${GenerationService.typeName}/Generate`;
const KEY = "key-of-a";
const BODY_BYTES = 200;
/** Longer than a connection lingers. */
const LONG_MS = 3_000;

const callers = `callers: [{id: a, role: caller, key_sha256: ${createHash("sha256").update(KEY).digest("hex")}}]`;

interface Answer {
  readonly socket: net.Socket;
  readonly text: string;
}

let certificates: Certificates;
let plain: TimedService;
let secure: TimedService;

beforeAll(async () => {
  certificates = makeCertificates("unused.example");
  const { serverCert, serverKey } = certificates;
  plain = await startTimedService(callers);
  secure = await startTimedService(
    `${callers}\nhttp: {tls: {cert_file: ${serverCert}, key_file: ${serverKey}}}`,
  );
});

afterAll(async () => {
  await Promise.all([plain, secure].map((service) => service.stopAtOnce()));
  certificates[Symbol.dispose]();
});

function connect(service: TimedService): net.Socket {
  const { hostname: host, port, protocol } = new URL(service.http);
  const at = { host, port: Number(port), allowHalfOpen: true };
  return protocol === "https:"
    ? tls.connect({ ...at, ca: certificates.read(certificates.ca) })
    : net.connect(at);
}

/** Sends the head of a request that ends its connection, and reads the answer up to the server's end of sending. */
async function answerToHead(
  service: TimedService,
  path: string,
  headers: readonly string[],
): Promise<Answer> {
  const socket = connect(service);
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: localhost`,
    "content-type: application/json",
    `content-length: ${BODY_BYTES}`,
    ...headers,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await once(socket, "end");
  return { socket, text };
}

/** Sends the body, byte by byte, and whether the connection then ends as the client ends it: without a reset. */
async function endsWell(socket: net.Socket, bytes: number): Promise<boolean> {
  const closed = new Promise<boolean>((resolve) => {
    socket.once("close", (hadError) => resolve(!hadError));
  });
  for (let sent = 0; sent < bytes && !socket.destroyed; sent++) {
    await new Promise((resolve) => socket.write(" ", resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  return closed;
}

/** Resolves when the server takes no more. */
async function untilReset(socket: net.Socket): Promise<void> {
  while (!socket.destroyed) {
    await new Promise((resolve) => socket.write(" ", resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const CLOSES = "connection: close";
const CASES = [
  ["a call without a key", GENERATE, [CLOSES], 401],
  ["a call of no method", "/steer.v1.Nothing/Nothing", [CLOSES], 404],
  ["a page from elsewhere", GENERATE, [CLOSES, "origin: https://elsewhere.example"], 403],
] as const;

describe.each(["over TCP", "over TLS"])("%s", (transport) => {
  const service = (): TimedService => (transport === "over TLS" ? secure : plain);

  it.each(CASES)("%s has its answer while it still sends", async (_name, path, headers, status) => {
    const { socket, text } = await answerToHead(service(), path, headers);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await endsWell(socket, BODY_BYTES)).toBe(true);
  });

  it("a client that goes on and on is cut", async () => {
    const { socket } = await answerToHead(service(), GENERATE, [CLOSES]);
    await service().clock.advance(LONG_MS);
    await untilReset(socket);
  });

  it("nothing more is served on the connection", async () => {
    const { socket, text } = await answerToHead(service(), GENERATE, [CLOSES]);
    const before = service().log.length;
    socket.write(" ".repeat(BODY_BYTES));
    const next = `POST ${GENERATE} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n`;
    socket.write(`${next}content-length: 2\r\n\r\n{}`);
    await untilReset(socket);
    expect(text).toMatch(/^HTTP\/1.1 401 /);
    expect(service().log.slice(before)).toEqual([]);
  });
});
