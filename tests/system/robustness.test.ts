import http2 from "node:http2";
import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { generate } = GenerationService.method;
const spec = { model: "simulator", prompt: "Hi" };

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService();
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

/** Other calls are unharmed: on a channel that lived through it, and on new connections. */
afterEach(async () => {
  await client.unary(generate, { spec });
  const response = await fetch(`${service.http}/${GenerationService.typeName}/Generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ spec }),
  });
  expect(response.status).toBe(200);
});

function portOf(listener: "grpc" | "http"): number {
  return Number(service[listener].split(":").at(-1));
}

/** Resolves with what came until the peer closed. */
function send(port: number, bytes: Buffer | string, waitMs = 15_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error("the connection stays open"));
    }, waitMs);
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

describe.each(["grpc", "http"] as const)("the %s listener", (listener) => {
  it("closes a connection that speaks garbage", async () => {
    const garbage = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 37) % 251));
    await send(portOf(listener), garbage);
  });

  it("bears 10,000 idle connections", async () => {
    const sockets: net.Socket[] = [];
    for (let batch = 0; batch < 40; batch++) {
      const opened = Array.from({ length: 250 }, () => net.connect(portOf(listener), "127.0.0.1"));
      sockets.push(...opened);
      await Promise.all(
        opened.map(
          (socket) =>
            new Promise<void>((resolve) => {
              socket.once("connect", resolve);
              socket.on("error", () => resolve());
            }),
        ),
      );
    }
    await client.unary(generate, { spec });
    for (const socket of sockets) socket.destroy();
  });
});

// Together, since they wait.
it.concurrent.each([
  ["grpc", "PRI * HTTP/2.0\r\n\r\nSM"],
  ["http", "POST /livez HTTP/1.1\r\nhost: x\r\nx-"],
] as const)(
  "the %s listener closes a connection that says nothing whole",
  async (listener, half) => {
    await send(portOf(listener), half);
  },
);

describe("header bombs", () => {
  it("are refused on the HTTP listener", async () => {
    const bomb = `POST /x HTTP/1.1\r\nhost: x\r\n${"x-bomb: y\r\n".repeat(20_000)}\r\n`;
    expect(await send(portOf("http"), bomb)).toMatch(/^HTTP\/1\.1 431/);
  });

  it("are refused on the gRPC listener", async () => {
    const session = http2.connect(`http://${service.grpc}`);
    session.on("error", () => {});
    const outcome = await new Promise<string>((resolve) => {
      const headers: Record<string, string> = {
        ":method": "POST",
        ":path": `/${GenerationService.typeName}/Generate`,
        "content-type": "application/grpc",
        te: "trailers",
      };
      for (let index = 0; index < 2_000; index++) headers[`x-bomb-${index}`] = "y".repeat(60);
      const stream = session.request(headers);
      stream.on("response", (response) => resolve(`status ${String(response[":status"])}`));
      stream.on("error", () => resolve("reset"));
      stream.on("close", () => resolve("closed"));
      session.on("close", () => resolve("closed"));
      stream.end(Buffer.alloc(5));
    });
    expect(outcome).not.toBe("status 200");
    session.destroy();
  });
});
