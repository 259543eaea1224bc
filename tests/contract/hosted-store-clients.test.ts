// What a host of stores takes from its clients: bytes that are no frames, calls of closed connections, and answers that
// nobody reads.
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANY_CALL } from "../../src/store/hosted/codec.ts";
import { FrameReader, FrameWriter, MAX_FRAME_BYTES } from "../../src/store/hosted/frames.ts";
import { KIND } from "../../src/store/hosted/protocol.ts";
import { type HostedStores, hostedMemory } from "../support/hosted-stores.ts";
import { eventually } from "../support/stack.ts";
import { appendTo, beginning, LONG_MS, newStream } from "../support/stored-streams.ts";

let host: HostedStores;

beforeEach(async () => {
  host = await hostedMemory();
});
afterEach(() => host.close());

describe("bytes of a client", () => {
  /** A connection without the client's code, which has read the hello. */
  async function rawClient(): Promise<Socket> {
    const socket = createConnection({ path: host.served.address.path });
    await once(socket, "data");
    return socket;
  }

  function framed(kind: number, write: (to: FrameWriter) => void): Buffer {
    const writer = new FrameWriter();
    writer.frame(kind, 1, write);
    return Buffer.from(writer.take());
  }

  const long = Buffer.alloc(4);
  long.writeUInt32LE(MAX_FRAME_BYTES + 1);

  it.each<[string, Buffer, RegExp]>([
    ["a length that no frame has", long, /too long/],
    ["an empty frame", Buffer.alloc(4), /ends too early/],
    ["a frame that no client sends", framed(KIND.hello, () => {}), /kind 1/],
    ["a method that the host lacks", framed(KIND.call, (to) => to.u16(60_000)), /no method 60000/],
    ["arguments that are cut off", framed(KIND.call, (to) => to.u16(0)), /ends too early/],
    [
      "arguments that are no value",
      framed(KIND.call, (to) => {
        to.u16(0);
        to.bytes(Buffer.from("no value"));
      }),
      /deserialize|version/i,
    ],
  ])("%s: ends the connection with a reason, and no other", async (_name, bytes, reason) => {
    const other = await host.connect();
    const socket = await rawClient();
    socket.write(bytes);
    await once(socket, "close");
    expect(host.faults).toEqual([expect.stringMatching(reason)]);
    expect(await other.streams.heads([])).toEqual([]);
  });

  it("any at all: the host goes on", async () => {
    const other = await host.connect();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const socket = await rawClient();
        socket.end(bytes);
        await once(socket.resume(), "close");
        expect(await other.streams.heads([])).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("behind its last call count no more: the session of a closed connection stays dead", async () => {
    const other = await host.connect();
    await other.streams.openSession("watcher", LONG_MS);
    for (let round = 0; round < 50; round++) {
      const session = `session-${round}`;
      const stream = newStream({ session });
      await other.streams.create(stream);
      const socket = await rawClient();
      // The sessions are the first service, and these its first methods.
      const open = (method: number): Buffer =>
        framed(KIND.call, (to) => {
          to.u16(method);
          ANY_CALL.args.write(to, [session, LONG_MS]);
        });
      socket.write(Buffer.concat([open(0), open(1), open(1)]));
      socket.destroy();
      const isDead = async (): Promise<boolean> =>
        (await other.streams.heads([stream.streamId]))[0]?.isOwnerAlive === false;
      await eventually(isDead);
      await new Promise((resolve) => setImmediate(resolve));
      expect(await isDead()).toBe(true);
    }
  });

  it("that it does not read fill no memory of the host, and stop no other client", async () => {
    const other = await host.connect();
    await other.streams.openSession("session-a", LONG_MS);
    const stream = newStream({ request: undefined });
    await other.streams.create(stream);
    const event = Buffer.alloc(1024 * 1024, 1);
    await other.streams.append(
      appendTo(stream, 2, 2, { batch: { ...appendTo(stream, 2, 2).batch, events: [event] } }),
    );
    const socket = await rawClient();
    socket.pause();
    const read = framed(KIND.call, (to) => {
      to.u16(readIndex);
      ANY_CALL.args.write(to, [stream.streamId, beginning, 10]);
    });
    const before = process.memoryUsage.rss();
    socket.write(Buffer.concat(Array.from({ length: 2_000 }, () => read)));
    for (let index = 0; index < 200; index++) await other.streams.heads([stream.streamId]);
    // 2,000 answers of a megabyte would wait otherwise.
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
    socket.destroy();
  });

  it("that nobody has asked for are dropped while it does not read, and stop no writer", async () => {
    const writer = await host.connect();
    await writer.streams.openSession("session-a", LONG_MS);
    const stream = newStream();
    await writer.streams.create(stream);
    const socket = await rawClient();
    const subscribe = framed(KIND.call, (to) => {
      to.u16(readIndex + 1);
      ANY_CALL.args.write(to, [stream.streamId]);
    });
    socket.write(subscribe);
    await once(socket, "data");
    socket.pause();
    const event = Buffer.alloc(1024 * 1024, 1);
    for (let at = 2; at < 150; at++) {
      const { batch } = appendTo(stream, at, at);
      await writer.streams.append(
        appendTo(stream, at, at, { batch: { ...batch, events: [event] } }),
      );
    }
    let received = 0;
    const reader = new FrameReader();
    const answered = new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        received += chunk.length;
        reader.push(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          if (frame.u8() === KIND.answer) resolve();
        }
      });
    });
    socket.resume();
    socket.write(subscribe);
    await answered;
    expect(received).toBeGreaterThan(1024 * 1024);
    expect(received).toBeLessThan(8 * 1024 * 1024);
    socket.destroy();
  });
  /** Of `streams.read`: behind the sessions' six methods, `check`, `create` and `append`. */
  const readIndex = 9;
});
