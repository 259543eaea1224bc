// Each member of grpc-js that is no part of its interface: what the gateway relies on.
import { once } from "node:events";
import http2, { type ServerHttp2Stream } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import {
  type CallInternals,
  callInternals,
  interceptedInternals,
  releaseCall,
  serverInternals,
} from "../../../src/rpc/grpc-internals.ts";

const PATH = "/test.Echo/Echo";
const GZIP = 2;
const same = (bytes: Buffer): Buffer => bytes;

const METHOD: grpc.MethodDefinition<Buffer, Buffer> = {
  path: PATH,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

interface Hooks {
  /** Is given the call as interceptors get it. */
  readonly intercept?: (call: CallInternals) => void;
  /** Is given the call as handlers get it. */
  readonly handle?: (call: object) => void;
  readonly prepare?: (server: grpc.Server) => void;
}

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The address of a server that sends back what it gets. */
async function serve({ intercept, handle, prepare }: Hooks): Promise<string> {
  const server = new grpc.Server({
    interceptors: [
      (_method, call) => {
        intercept?.(interceptedInternals(call));
        return call as unknown as grpc.ServerInterceptingCall;
      },
    ],
  });
  prepare?.(server);
  server.addService(
    { echo: METHOD },
    {
      echo(call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
        handle?.(call);
        callback(null, call.request);
      },
    },
  );
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listener = net.createServer((socket) => injector.injectConnection(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  ends.push(() => {
    listener.close();
    server.forceShutdown();
  });
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

function call(address: string, request: Buffer, options: grpc.ClientOptions = {}): Promise<Buffer> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), options);
  ends.push(() => client.close());
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(PATH, same, same, request, (error, response) => {
      if (error === null && response !== undefined) resolve(response);
      else reject(error ?? new Error("no response"));
    });
  });
}

const HI = Buffer.from("Hi");

describe("a server of grpc-js", () => {
  it("makes its HTTP/2 servers by `commonServerOptions`", async () => {
    const address = await serve({
      prepare(server) {
        Object.assign(serverInternals(server).commonServerOptions, {
          settings: { maxConcurrentStreams: 7 },
        });
      },
    });
    const session = http2.connect(`http://${address}`);
    ends.push(() => session.destroy());
    const [settings] = (await once(session, "remoteSettings")) as [http2.Settings];
    expect(settings.maxConcurrentStreams).toBe(7);
  });

  it("has the HTTP/2 server of an injector in `http2Servers`, with its own listener for streams", async () => {
    let made: grpc.Server | undefined;
    const address = await serve({
      prepare(server) {
        made = server;
      },
    });
    const [[http2Server] = []] = [...serverInternals(made as grpc.Server).http2Servers];
    expect(http2Server?.listeners("stream")).toHaveLength(1);
    let streams = 0;
    http2Server?.on("stream", () => streams++);
    await call(address, HI);
    expect(streams).toBe(1);
  });
});

describe("a call of grpc-js", () => {
  it("has its HTTP/2 stream as `stream`, for interceptors and for handlers", async () => {
    const seen: ServerHttp2Stream[] = [];
    const address = await serve({
      intercept: ({ stream }) => seen.push(stream),
      handle: (handled) => seen.push(callInternals(handled).stream),
    });
    await call(address, HI);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(seen[1]);
    expect(seen[0]?.sentHeaders?.[":status"]).toBe(200);
  });

  it("takes no message beyond `decoder.maxReadMessageLength`", async () => {
    const address = await serve({
      intercept({ decoder }) {
        decoder.maxReadMessageLength = HI.length;
      },
    });
    expect(await call(address, HI)).toEqual(HI);
    await expect(call(address, Buffer.from("Hi there"))).rejects.toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
    });
  });

  it("holds the pieces of its message in `decoder.readPartialMessage`", async () => {
    let pieces: readonly Buffer[] = [];
    const address = await serve({
      handle(handled) {
        pieces = callInternals(handled).decoder.readPartialMessage;
      },
    });
    await call(address, HI);
    expect(Buffer.concat([...pieces])).toEqual(HI);
  });

  it("inflates by `decompressMessage`, with the encoding of `incomingEncoding`", async () => {
    const asked: unknown[] = [];
    const address = await serve({
      intercept(intercepted) {
        asked.push(intercepted.incomingEncoding);
        intercepted.decompressMessage = (message, encoding) => {
          asked.push(encoding, message.subarray(5));
          return Buffer.from("inflated");
        };
      },
    });
    const answer = await call(address, HI, { "grpc.default_compression_algorithm": GZIP });
    expect(answer.toString()).toBe("inflated");
    expect(asked).toEqual(["gzip", "gzip", gzipSync(HI)]);
  });

  it("needs nothing of a handler's call after its answer: neither to send it, nor for a caller who leaves", async () => {
    const handled: grpc.ServerUnaryCall<Buffer, Buffer>[] = [];
    const server = await serve({
      handle(call) {
        const unary = call as grpc.ServerUnaryCall<Buffer, Buffer>;
        handled.push(unary);
        queueMicrotask(() => releaseCall(unary));
      },
    });
    expect(await call(server, HI)).toEqual(HI);
    const [released] = handled;
    expect(Object.values(released ?? {})).not.toContain(HI);
    expect(() => callInternals(released ?? {}).stream).toThrow(TypeError);
    expect(() => released?.emit("cancelled", "cancelled")).not.toThrow();
  });

  it("sends by `sendMessage`, and has `wantTrailers` from its status on", async () => {
    const states: boolean[] = [];
    const address = await serve({
      intercept(intercepted) {
        const send = intercepted.sendMessage;
        intercepted.sendMessage = (message, callback) => {
          states.push(intercepted.wantTrailers);
          send.call(intercepted, message, () => {
            callback();
            intercepted.stream.once("wantTrailers", () => states.push(intercepted.wantTrailers));
          });
        };
      },
    });
    await call(address, HI);
    expect(states).toEqual([false, true]);
  });
});
