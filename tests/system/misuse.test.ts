import http2 from "node:http2";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { residentMiB } from "../support/process-figures.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate } = GenerationService.method;
const spec = { model: "simulator", prompt: "Hi" };
const CALL = {
  ":method": "POST",
  ":path": `/${GenerationService.typeName}/Generate`,
  "content-type": "application/grpc",
  te: "trailers",
};

const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(0x4, 0, 0, Buffer.alloc(0)),
]);

let service: ServiceProcess;
let client: GrpcClient;
let baseline: number;

beforeAll(async () => {
  service = await startService();
  client = createGrpcClient(service.grpc);
  await client.unary(generate, { spec });
  baseline = residentMiB(service.pid);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

/** Other calls are unharmed, on a channel that lived through it and on a new one. */
afterEach(async () => {
  const fresh = createGrpcClient(service.grpc);
  await client.unary(generate, { spec }, { timeoutMs: 5_000 });
  await fresh.unary(generate, { spec }, { timeoutMs: 5_000 });
  fresh.close();
  expect(residentMiB(service.pid) - baseline).toBeLessThan(150);
  expect(service.log.filter(({ event }) => event === "defect")).toEqual([]);
  expect(service.errors()).toBe("");
});

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A connection that speaks HTTP/2 as the test writes it. */
async function rawConnection(): Promise<net.Socket> {
  const socket = net.connect(Number(service.grpc.split(":").at(-1)), "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(PREFACE);
  return socket;
}

function openSession(): http2.ClientHttp2Session {
  const session = http2.connect(`http://${service.grpc}`);
  session.on("error", () => {});
  return session;
}

describe("the gRPC listener", () => {
  it("bears calls that never send their request", async () => {
    const session = openSession();
    for (let call = 0; call < 1_500; call++) {
      const stream = session.request(CALL);
      stream.on("error", () => {});
      stream.write(Buffer.from([0, 0, 0]));
    }
    await client.unary(generate, { spec });
    session.destroy();
  });

  it("bears thousands of calls that are reset at once", async () => {
    const session = openSession();
    for (let call = 0; call < 10_000; call++) {
      const stream = session.request(CALL);
      stream.on("error", () => {});
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    await client.unary(generate, { spec });
    session.destroy();
  });

  it.each([
    ["pings", frame(0x6, 0, 0, Buffer.alloc(8, 1))],
    ["settings", frame(0x4, 0, 0, Buffer.alloc(0))],
  ])("bears a connection that sends nothing but %s and reads no answer", async (_name, one) => {
    const socket = await rawConnection();
    socket.pause();
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => one));
    for (let batch = 0; batch < 50; batch++) {
      socket.write(many);
      await delay(1);
    }
    await client.unary(generate, { spec });
    socket.destroy();
  });

  it("closes a connection whose header block never ends", async () => {
    const socket = await rawConnection();
    let closed = false;
    socket.on("data", () => {});
    socket.once("close", () => {
      closed = true;
    });
    // HEADERS without END_HEADERS, and then one CONTINUATION after the other.
    socket.write(frame(0x1, 0, 1, Buffer.from([0x82])));
    const more = frame(0x9, 0, 1, Buffer.alloc(0x4000));
    await eventually(() => {
      if (!closed) socket.write(more);
      return closed;
    });
  });

  it("refuses a message whose length is beyond the limit before it has come", async () => {
    const session = openSession();
    const status = await new Promise<unknown>((resolve) => {
      const stream = session.request(CALL);
      stream.on("response", (headers) => resolve(headers["grpc-status"]));
      stream.on("error", () => {});
      stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]));
    });
    expect(status).toBe("8");
    session.destroy();
  });

  it.each([
    ["no message", Buffer.alloc(0), {}, "12"],
    ["half a message", Buffer.from([0, 0, 0, 0, 9, 1]), {}, "3"],
    ["two messages", Buffer.alloc(10), {}, "12"],
    ["bytes that are no message", Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]), {}, "3"],
    ["an unknown compression", Buffer.from([1, 0, 0, 0, 1, 0]), { "grpc-encoding": "br" }, "12"],
    ["a timeout that is none", Buffer.alloc(5), { "grpc-timeout": "soon" }, "3"],
  ])("answers %s by a status, and the connection lives", async (_name, body, headers, status) => {
    const session = openSession();
    const send = (bytes: Buffer, more: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ...CALL, ...more });
        stream.on("response", (answer) => resolve(answer["grpc-status"]));
        stream.on("error", reject);
        stream.end(bytes);
      });
    expect(await send(body, headers)).toBe(status);
    // An empty request names no model.
    expect(await send(Buffer.alloc(5), {})).toBe("3");
    session.destroy();
  });
});

describe("a process that may open few files", () => {
  it("lives through more connections than that, and takes new ones afterwards", async () => {
    const poor = await startService({ maxOpenFiles: 300 });
    const known = createGrpcClient(poor.grpc);
    await known.unary(generate, { spec });
    for (const listener of [poor.grpc, poor.http]) {
      const port = Number(listener.split(":").at(-1));
      const sockets = Array.from({ length: 600 }, () =>
        net.connect(port, "127.0.0.1").on("error", () => {}),
      );
      await eventually(() => sockets.every(({ connecting }) => !connecting));
      await known.unary(generate, { spec });
      for (const socket of sockets) socket.destroy();
      await eventually(() =>
        fetch(`${poor.http}/livez`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
    }
    expect(poor.errors()).toBe("");
    known.close();
    await poor.stop();
  });
});
