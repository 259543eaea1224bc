import { once } from "node:events";
import { readSync } from "node:fs";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { sayGoaway } from "../../../src/rpc/goaway.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { frameReader } from "../../support/frame-tap.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

const MAX = 0x7fffffff;
const BODY_BYTES = 32 * 1024 * 1024;
const DATA = 0;
const GOAWAY = 7;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A client's first bytes: windows without a bound, and `GET /`. */
const GREETING = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(4, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(MAX)])),
  frame(8, 0, 0, uint32(MAX - 65_535)),
  frame(1, 5, 1, Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x61])),
]);

interface Handle {
  readonly fd: number;
  readonly writeQueueSize: number;
}

const handleOf = (socket: unknown) => (socket as { readonly _handle: Handle })._handle;

/** Takes what the kernel has for a socket, in this turn of the loop. */
function takeNow(fd: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(1024 * 1024);
    try {
      const length = readSync(fd, chunk);
      if (length === 0) return chunks;
      chunks.push(chunk.subarray(0, length));
    } catch {
      // EAGAIN.
      return chunks;
    }
  }
}

it("writes no frame into another one, where the kernel has room and bytes wait before it", async () => {
  const server = http2.createServer();
  const sessions: http2.ServerHttp2Session[] = [];
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream) => {
    stream.respond();
    stream.end(Buffer.alloc(BODY_BYTES));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write(GREETING);
  // The client does not read: the kernel's room is used up.
  await eventually(
    () => sessions[0] !== undefined && handleOf(sessions[0].socket).writeQueueSize > 0,
  );
  const [session] = sessions as [http2.ServerHttp2Session];
  const arrived: Buffer[] = [client.read() ?? Buffer.alloc(0), ...takeNow(handleOf(client).fd)];
  expect(handleOf(session.socket).writeQueueSize).toBeGreaterThan(0);
  const clock = createManualClock();
  const said = sayGoaway(session, clock);

  let bodyBytes = 0;
  const types = new Set<number>();
  const goaways: number[] = [];
  const read = frameReader((type, _flags, payload) => {
    types.add(type);
    if (type === DATA) bodyBytes += payload.length;
    if (type === GOAWAY) goaways.push(payload.readUInt32BE(0));
  });
  for (const chunk of arrived) read(chunk);
  client.on("data", read);
  await clock.advance(1_000);
  await said;
  await eventually(() => bodyBytes === BODY_BYTES && goaways.length > 0);
  expect(goaways[0]).toBe(1);
  // DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE and nothing else.
  expect([0, 1, 4, 6, 7, 8]).toEqual(expect.arrayContaining([...types]));
  client.destroy();
  server.close();
});

/** A server, and the session of a client that it tells to leave. */
async function greeted(options: { readonly isEncrypted: boolean }) {
  const made = options.isEncrypted ? makeCertificates("client.test") : undefined;
  const server = made
    ? http2.createSecureServer({ cert: made.read(made.serverCert), key: made.read(made.serverKey) })
    : http2.createServer();
  const opened = new Promise<http2.ServerHttp2Session>((resolve) => server.on("session", resolve));
  const held: http2.ServerHttp2Stream[] = [];
  server.on("stream", (stream) => held.push(stream));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = http2.connect(`${made ? "https" : "http"}://127.0.0.1:${port}`, {
    ...(made && { ca: made.read(made.ca) }),
  });
  const goaways: number[] = [];
  client.on("goaway", (_code, last: number) => goaways.push(last));
  await once(client, "remoteSettings");
  return {
    client,
    session: await opened,
    held,
    goaways,
    [Symbol.dispose]() {
      client.destroy();
      server.close();
      made?.[Symbol.dispose]();
    },
  };
}

function request(client: http2.ClientHttp2Session): http2.ClientHttp2Stream {
  const stream = client.request({ ":method": "POST" });
  stream.on("error", () => {});
  return stream;
}

describe("a client that is told to leave", () => {
  it("has one round trip in which its streams are taken, then the id of the last", async () => {
    using set = await greeted({ isEncrypted: false });
    const clock = createManualClock();
    request(set.client);
    await eventually(() => set.held.length === 1);
    await sayGoaway(set.session, clock);
    await eventually(() => set.goaways.length === 2);
    expect(set.goaways).toEqual([MAX, 1]);
    // Its stream goes on, and no time had to pass.
    expect(set.held[0]?.closed).toBe(false);
    expect([clock.now(), clock.pendingTimers]).toEqual([0, 0]);
  });

  it("has a second at most", async () => {
    using set = await greeted({ isEncrypted: false });
    const clock = createManualClock();
    // Its answer to the PING does not come.
    set.session.ping = () => true;
    let isOver = false;
    const said = sayGoaway(set.session, clock).then(() => {
      isOver = true;
    });
    await clock.advance(999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await said;
    expect(set.session.closed).toBe(true);
  });

  it("is waited for under TLS until it has opened a stream, and then none for a PING", async () => {
    using set = await greeted({ isEncrypted: true });
    const clock = createManualClock();
    let isOver = false;
    const said = sayGoaway(set.session, clock).then(() => {
      isOver = true;
    });
    await eventually(() => clock.pendingTimers === 1);
    await clock.advance(50);
    expect([isOver, set.goaways.length]).toEqual([false, 0]);
    request(set.client);
    await eventually(() => set.held.length === 1);
    await eventually(async () => {
      await clock.advance(50);
      return isOver;
    });
    await said;
    expect(clock.now()).toBeLessThan(1_000);
    await eventually(() => set.goaways.length === 1);
    expect(set.goaways).toEqual([1]);
  });

  it("that opens none under TLS has a second", async () => {
    using set = await greeted({ isEncrypted: true });
    const clock = createManualClock();
    let isOver = false;
    const said = sayGoaway(set.session, clock).then(() => {
      isOver = true;
    });
    while (clock.now() < 999) await clock.advance(1);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await said;
    expect(clock.pendingTimers).toBe(0);
  });

  it("is told nothing once its session has ended", async () => {
    using set = await greeted({ isEncrypted: false });
    set.session.destroy();
    await sayGoaway(set.session, createManualClock());
    expect(set.session.destroyed).toBe(true);
  });
});
