import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { createContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { type Arrival, RpcStatusError } from "../../../../src/rpc/call.ts";
import { ArrivingRequests } from "../../../../src/rpc/requests/arriving-requests.ts";
import { requestKey, takeRequest } from "../../../../src/rpc/requests/taken-request.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const MAX_BYTES = 100;
const TEXT = Buffer.from("the request");

interface Sent {
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly chunks?: readonly Uint8Array[];
  readonly query?: string;
}

/** A request as the library hands it over, and what the handlers read of it. */
function take({ type, headers = {}, chunks = [], query }: Sent) {
  const clock = createManualClock();
  const all = new ArrivingRequests(clock, 1_000);
  const arrival: Arrival = all.begin({ id: "a", role: "caller" }, {}, (error) => {
    return new RpcStatusError({ code: 4, message: "cut", details: [], trailers: {} }, error);
  });
  async function* body(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const contextValues = createContextValues();
  const request: UniversalServerRequest = {
    httpVersion: "1.1",
    url: `http://localhost/method${query ?? ""}`,
    method: query === undefined ? "POST" : "GET",
    header: new Headers({ ...(type !== undefined && { "content-type": type }), ...headers }),
    body: null,
    signal: new AbortController().signal,
    contextValues,
  };
  const handedOn = takeRequest(request, Readable.from(body()), MAX_BYTES);
  return {
    all,
    arrival,
    clock,
    handedOn,
    /** The bytes and the format of what was sent. */
    read: async () => {
      const { format, bytes } = await contextValues.get(requestKey)(arrival);
      return [format, Buffer.from(bytes).toString()];
    },
    /** What the library decodes. */
    rest: async () => {
      const pieces: Uint8Array[] = [];
      for await (const piece of handedOn.body as AsyncIterable<Uint8Array>) pieces.push(piece);
      return Buffer.concat(pieces).toString("latin1");
    },
  };
}

function envelope(bytes: Uint8Array, flags = 0): Buffer {
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const STREAMS = ["application/connect+proto", "application/grpc-web+proto"] as const;

describe("a request that is taken from the library", () => {
  it.each([
    ["application/proto", "proto", ""],
    ["application/json", "json", "{}"],
    ["APPLICATION/JSON; charset=utf-8", "json", "{}"],
    [undefined, "proto", ""],
    ["application/connect+proto", "proto", "\0\0\0\0\0"],
    ["application/connect+json", "json", "\0\0\0\0\x02{}"],
    ["application/grpc-web", "proto", "\0\0\0\0\0"],
    ["application/grpc-web+json", "json", "\0\0\0\0\x02{}"],
  ])("of %s is one of %s, and an empty one is left", async (type, format, left) => {
    const isFramed = left.startsWith("\0");
    const whole = isFramed ? envelope(TEXT) : TEXT;
    const chunks = [whole.subarray(0, 3), whole.subarray(3)];
    const headers = { "content-length": String(whole.length) };
    const set = take({ ...(type !== undefined && { type }), chunks, headers });
    expect(await set.read()).toEqual([format, "the request"]);
    expect(await set.rest()).toBe(left);
    expect(set.handedOn.header.has("content-length")).toBe(false);
  });

  it("counts the bytes that come", async () => {
    const { all, read } = take({ chunks: [TEXT, TEXT] });
    await read();
    expect(all.bytes).toBe(2 * TEXT.length);
  });

  it.each([
    ["application/proto", MAX_BYTES],
    ["application/connect+proto", MAX_BYTES + 5],
  ])("of %s may be of %i bytes", async (type, most) => {
    const message = Buffer.alloc(MAX_BYTES, "x");
    const whole = type === "application/proto" ? message : envelope(message);
    expect(await take({ type, chunks: [whole] }).read()).toEqual(["proto", message.toString()]);
    const tooLarge = { status: { code: 8, message: `the request is larger than ${most} bytes` } };
    const longer = [whole, Buffer.alloc(1)];
    await expect(take({ type, chunks: longer }).read()).rejects.toMatchObject(tooLarge);
    const promised = { "content-length": String(most + 1) };
    await expect(take({ type, headers: promised }).read()).rejects.toMatchObject(tooLarge);
    const kept = { "content-length": String(most) };
    expect(await take({ type, headers: kept, chunks: [whole] }).read()).toHaveLength(2);
  });

  it("ends with what ends its arrival", async () => {
    const set = take({ chunks: [] });
    const { arrival } = set;
    arrival.receive(2_001);
    await expect(set.read()).rejects.toBe(arrival.error);
  });

  it("whose caller leaves is cancelled", async () => {
    const contextValues = createContextValues();
    const { arrival } = take({});
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield TEXT;
      throw new Error("reset");
    }
    const { header, signal } = new Request("http://localhost") as never as UniversalServerRequest;
    const request = { httpVersion: "1.1", url: "http://localhost/m", method: "POST", signal };
    takeRequest(
      { ...request, header: header ?? new Headers(), body: null, contextValues },
      Readable.from(broken()),
      MAX_BYTES,
    );
    await expect(contextValues.get(requestKey)(arrival)).rejects.toMatchObject({
      kind: "cancelled",
      message: "the caller left before its request was whole",
    });
  });

  it("is none without a body that was taken", async () => {
    const { arrival } = take({});
    await expect(createContextValues().get(requestKey)(arrival)).rejects.toThrow(
      "no request was taken",
    );
  });
});

describe("a request in envelopes", () => {
  it.each([
    ["application/connect+proto", 0b10],
    ["application/grpc-web+proto", 0b1000_0000],
  ])("of %s is the one that is no end of a stream", async (type, end) => {
    const chunks = [envelope(TEXT), envelope(Buffer.from("trailers"), end)];
    expect(await take({ type, chunks }).read()).toEqual(["proto", "the request"]);
  });

  it.each(STREAMS)("of %s is exactly one", async (type) => {
    await expect(take({ type }).read()).rejects.toMatchObject({
      status: { code: 12, message: "the request has no message" },
    });
    const two = [envelope(TEXT), envelope(TEXT)];
    await expect(take({ type, chunks: two }).read()).rejects.toMatchObject({
      status: { code: 12, message: "the method takes one request message" },
    });
  });

  it.each([1, 4, 5, 15])("is not whole with %i of its bytes", async (length) => {
    const chunks = [envelope(TEXT).subarray(0, length)];
    await expect(take({ type: STREAMS[0], chunks }).read()).rejects.toMatchObject({
      kind: "validation",
      message: "the request ends within its message",
    });
  });

  it("that says nothing of its compression is none of a known one", async () => {
    const chunks = [envelope(gzipSync(TEXT), 1)];
    await expect(take({ type: STREAMS[0], chunks }).read()).rejects.toMatchObject({
      status: { code: 13, message: "the request is compressed and does not say by what" },
    });
  });
});

describe("a request that is compressed", () => {
  const compressed = { gzip: gzipSync(TEXT), br: brotliCompressSync(TEXT) };

  it.each([
    ["application/proto", "content-encoding", "accept-encoding"],
    ["application/connect+proto", "connect-content-encoding", "connect-accept-encoding"],
    ["application/grpc-web+proto", "grpc-encoding", "grpc-accept-encoding"],
  ])("of %s is inflated by its %s", async (type, name, accepted) => {
    for (const encoding of ["gzip", "br"] as const) {
      const bytes = compressed[encoding];
      const chunks = [type === "application/proto" ? bytes : envelope(bytes, 1)];
      const set = take({ type, chunks, headers: { [name]: encoding } });
      expect(await set.read()).toEqual(["proto", "the request"]);
      const { header } = set.handedOn;
      // Its answer may be compressed like it.
      expect([header.get(name), header.get(accepted)]).toEqual([null, encoding]);
      const other = take({ type, headers: { [name]: encoding, [accepted]: "identity" } });
      expect(other.handedOn.header.get(accepted)).toBe("identity");
    }
  });

  it.each(STREAMS)("of %s may hold a message that is not", async (type) => {
    const name = type === STREAMS[0] ? "connect-content-encoding" : "grpc-encoding";
    const set = take({ type, chunks: [envelope(TEXT)], headers: { [name]: "gzip" } });
    expect(await set.read()).toEqual(["proto", "the request"]);
  });

  it("by what is not known is left to the library", () => {
    const { handedOn } = take({ headers: { "content-encoding": "deflate" } });
    expect(handedOn.header.get("content-encoding")).toBe("deflate");
    expect(handedOn.header.has("accept-encoding")).toBe(false);
  });

  it("does not inflate to more than a request may be", async () => {
    const chunks = [gzipSync(Buffer.alloc(MAX_BYTES + 1))];
    await expect(
      take({ chunks, headers: { "content-encoding": "gzip" } }).read(),
    ).rejects.toMatchObject({ status: { code: 8 } });
  });
});

describe("a request in the address", () => {
  it.each([
    ["?encoding=json&message=%7B%7D", "json", "{}", "{}"],
    ["?encoding=proto&message=abc", "proto", "abc", ""],
    ["?message=abc", "proto", "abc", ""],
    ["?encoding=json", "json", "", "{}"],
    [`?base64=1&message=${TEXT.toString("base64url")}`, "proto", "the request", ""],
    ["?base64=0&message=abc", "proto", "abc", ""],
    [
      `?base64=1&compression=gzip&message=${gzipSync(TEXT).toString("base64url")}`,
      "proto",
      "the request",
      "",
    ],
  ])("%s is one of %s: %s", async (query, format, said, left) => {
    const set = take({ query });
    expect(await set.read()).toEqual([format, said]);
    const { searchParams } = new URL(set.handedOn.url);
    expect(searchParams.get("message")).toBe(left);
    expect([searchParams.has("base64"), searchParams.has("compression")]).toEqual([false, false]);
    expect(set.handedOn.method).toBe("GET");
  });

  it("that is no base64 is refused", async () => {
    await expect(take({ query: "?base64=1&message=%25" }).read()).rejects.toMatchObject({
      kind: "validation",
      message: "the message in the address is not base64",
    });
  });

  it("of a compression that is not known is left to the library", async () => {
    const set = take({ query: "?compression=deflate&message=abc" });
    expect(new URL(set.handedOn.url).searchParams.get("compression")).toBe("deflate");
    expect(await set.read()).toEqual(["proto", "abc"]);
  });
});
