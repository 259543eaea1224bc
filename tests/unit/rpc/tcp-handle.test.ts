// Each member of Node's socket handles that is not documented: what the gateway relies on.
import { once } from "node:events";
import { writeSync } from "node:fs";
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { tcpHandle } from "../../../src/rpc/tcp-handle.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { eventually } from "../../support/stack.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS = "000000040000000000";
const PING = Buffer.from(`000008060000000000${"00".repeat(8)}`, "hex");
/** More than the kernel takes of a client that does not read. */
const MUCH = 64 * 1024 * 1024;
const MAX_WINDOW = 2 ** 31 - 1;

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A session whose client has greeted, and that client. */
async function connected(): Promise<{ session: ServerHttp2Session; client: net.Socket }> {
  const server = http2.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  client.write(PREFACE);
  client.write(Buffer.from(EMPTY_SETTINGS, "hex"));
  const [session] = (await once(server, "session")) as [ServerHttp2Session];
  session.on("error", () => {});
  await once(session, "remoteSettings");
  ends.push(() => {
    client.destroy();
    session.destroy();
    server.close();
  });
  return { session, client };
}

describe("the handle of a session's socket", () => {
  it("is no more once the session is destroyed", async () => {
    const { session } = await connected();
    expect(tcpHandle(session)).toBeDefined();
    session.destroy();
    expect(tcpHandle(session)).toBeUndefined();
  });

  it("has `fd`, which takes a frame between two others", async () => {
    const { session, client } = await connected();
    // What the session itself has sent so far.
    await once(client, "data");
    const received = once(client, "data") as Promise<[Buffer]>;
    expect(writeSync(tcpHandle(session)?.fd ?? -1, PING)).toBe(PING.length);
    const [bytes] = await received;
    expect(bytes.includes(PING)).toBe(true);
  });

  it("has `writeQueueSize`, the bytes that wait for a client that does not read", async () => {
    const server = http2.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      settings: { initialWindowSize: MAX_WINDOW },
    });
    ends.push(() => {
      client.destroy();
      server.close();
    });
    await once(client, "connect");
    client.setLocalWindowSize(MAX_WINDOW);
    client.request();
    const [stream] = (await once(server, "stream")) as [ServerHttp2Stream];
    const session = stream.session as ServerHttp2Session;
    expect(tcpHandle(session)?.writeQueueSize).toBe(0);
    tcpHandle(client)?.readStop();
    stream.respond();
    stream.end(Buffer.alloc(MUCH));
    await eventually(() => (tcpHandle(session)?.writeQueueSize ?? 0) > 0);
  });

  it("stops to read at `readStop`, and reads on at `readStart`", async () => {
    const { session, client } = await connected();
    const handle = tcpHandle(session);
    handle?.readStop();
    let pings = 0;
    session.on("ping", () => pings++);
    client.write(PING);
    // The client's bytes are there when those of a later connection are.
    await connected();
    expect(pings).toBe(0);
    handle?.readStart();
    await once(session, "ping");
    expect(pings).toBe(1);
  });
});

/** As large as 16 KiB of headers allow. */
const LARGE = Object.fromEntries(
  Array.from({ length: 5 }, (_, index) => [`x-${index}`, "v".repeat(2_800)]),
);
/** Calls that have come before the reading is stopped, of all of a client. */
const BEFORE = 16;
const CALLS = 300;

it("field:X6: under TLS a session that answers reads on, whatever is stopped", async () => {
  using certificates = makeCertificates("unused.example");
  const server = http2.createSecureServer({
    cert: certificates.read(certificates.serverCert),
    key: certificates.read(certificates.serverKey),
    settings: { maxConcurrentStreams: CALLS },
  });
  let arrived = 0;
  server.on("stream", (stream) => {
    arrived++;
    stream.respond({ ":status": 200 }, { endStream: true });
    const handle =
      stream.session === undefined ? undefined : tcpHandle(stream.session as ServerHttp2Session);
    if (arrived >= BEFORE) handle?.readStop();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = http2.connect(`https://127.0.0.1:${port}`, {
    ca: certificates.read(certificates.ca),
    maxSessionMemory: 100,
  });
  ends.push(() => {
    client.destroy();
    server.close();
  });
  client.setMaxListeners(0);
  await once(client, "remoteSettings");
  for (let call = 0; call < CALLS; call++)
    client.request({ ...LARGE, "x-call": String(call) }).resume();
  await eventually(() => arrived === CALLS);
});
