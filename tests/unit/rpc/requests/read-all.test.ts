import { once } from "node:events";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readAll } from "../../../../src/rpc/requests/read-all.ts";

const MAX_BYTES = 10;
const EVENTS = ["data", "end", "error", "close"];
const LEFT = { kind: "cancelled", message: "the caller left before its request was whole" };
const UNCUT = { receive: () => {}, whenCut: () => {} };

const listenersOf = (body: PassThrough) => EVENTS.map((name) => body.listenerCount(name));
const before = listenersOf(new PassThrough());

describe("a body", () => {
  it("is read whole, and left without listeners", async () => {
    const body = new PassThrough();
    const read = readAll(body, null, MAX_BYTES, UNCUT);
    body.write("01234");
    body.end("56789");
    expect((await read).toString()).toBe("0123456789");
    expect(listenersOf(body)).toEqual(before);
  });

  it("that is too large is read no further, and not destroyed", async () => {
    const body = new PassThrough();
    const read = readAll(body, null, MAX_BYTES, UNCUT);
    body.write("0123456789a");
    await expect(read).rejects.toMatchObject({ status: { code: 8 } });
    expect([body.isPaused(), body.destroyed]).toEqual([true, false]);
    expect(listenersOf(body)).toEqual(before);
  });

  it("whose caller leaves is cancelled, with an error or without", async () => {
    for (const cause of [undefined, new Error("reset")]) {
      const body = new PassThrough();
      const read = readAll(body, null, MAX_BYTES, UNCUT);
      body.write("0123");
      body.destroy(cause);
      const error: unknown = await read.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(LEFT);
      expect((error as Error).cause).toBe(cause);
    }
  });

  it.each(["resets its stream", "ends its connection"])(
    "of HTTP/2 is cancelled if the caller %s",
    async (how) => {
      const server = http2.createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const stream = client.request({ ":method": "POST" });
      stream.on("error", () => {});
      stream.write("0123");
      const [body] = (await once(server, "stream")) as [http2.ServerHttp2Stream];
      body.on("error", () => {});
      const read = readAll(body, null, MAX_BYTES, UNCUT);
      await once(body, "data");
      if (how === "resets its stream") stream.destroy(new Error("reset"));
      else client.destroy();
      await expect(read).rejects.toMatchObject(LEFT);
      client.destroy();
      await new Promise((closed) => server.close(closed));
    },
  );

  it("whose caller has left is not waited for", async () => {
    const body = new PassThrough();
    body.destroy();
    await once(body, "close");
    await expect(readAll(body, null, MAX_BYTES, UNCUT)).rejects.toMatchObject(LEFT);
  });

  it("is read no further after what ends its arrival", async () => {
    const body = new PassThrough();
    const end = new Error("too slow");
    let cut = (_: Error): void => {};
    const whenCut = (onCut: typeof cut): void => {
      cut = onCut;
    };
    const arrival = { receive: () => {}, whenCut };
    const read = readAll(body, null, MAX_BYTES, arrival);
    cut(end);
    await expect(read).rejects.toBe(end);
    expect(body.isPaused()).toBe(true);
    expect(listenersOf(body)).toEqual(before);
  });
});
