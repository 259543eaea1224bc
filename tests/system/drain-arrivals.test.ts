// Requests that are not complete when a drain begins: bodies come slowly over slow networks, and prompts are large.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { connectFrame } from "../support/connect-wire.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate } = GenerationService.method;

interface Outcome {
  readonly status: number;
  /** Body, or the headers and trailers of gRPC. */
  readonly text: string;
}

/** A call whose request lacks its second half. */
interface HalfSent {
  sendRest(): void;
  /** Rejects if the connection ends without an answer. */
  readonly outcome: Promise<Outcome>;
}

const spec = { model: "simulator", prompt: "Hi" };
const messages = [{ role: "user", content: "Hi" }];
const CONNECT = `/${GenerationService.typeName}/Generate`;
/** Bodies by path. */
const OVER_HTTP: Readonly<Record<string, object>> = {
  [CONNECT]: { spec },
  [CONNECT.replace("/Generate", "/StreamGenerate")]: { spec },
  "/v1/chat/completions": { model: "simulator", messages },
  "/v1/responses": { model: "simulator", input: "Hi" },
  "/anthropic/v1/messages": { model: "simulator", messages, max_tokens: 9 },
};

/** Statuses of refused calls where they are not HTTP's 503. */
const REFUSED: Readonly<Record<string, number>> = {
  gRPC: 14,
  // The error is in the last message.
  [CONNECT.replace("/Generate", "/StreamGenerate")]: 200,
  "/anthropic/v1/messages": 529,
};

function beginHttp({ http: base }: ServiceProcess, path: string, body: object): HalfSent {
  const isStream = path.endsWith("/StreamGenerate");
  const bytes = isStream ? connectFrame(body) : Buffer.from(JSON.stringify(body));
  const half = bytes.length >> 1;
  const type = isStream ? "application/connect+json" : "application/json";
  const request = http.request(`${base}${path}`, {
    method: "POST",
    agent: false,
    headers: { "content-type": type, "content-length": bytes.length },
  });
  request.write(bytes.subarray(0, half));
  const outcome = once(request, "response").then(async ([response]: http.IncomingMessage[]) => {
    let text = "";
    for await (const chunk of response as http.IncomingMessage) text += chunk;
    return { status: response?.statusCode ?? 0, text };
  });
  return { outcome, sendRest: () => request.end(bytes.subarray(half)) };
}

function beginGrpc({ grpc }: ServiceProcess): HalfSent {
  const session = http2.connect(`http://${grpc}`).on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": CONNECT,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const message = toBinary(generate.input, create(generate.input, { spec }));
  const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  stream.write(bytes.subarray(0, 9));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    let told: http2.IncomingHttpHeaders = {};
    for (const event of ["response", "trailers"]) {
      stream.on(event, (headers: http2.IncomingHttpHeaders) => {
        told = { ...told, ...headers };
      });
    }
    stream.on("error", reject).resume();
    stream.once("close", () => {
      session.close();
      resolve({ status: Number(told["grpc-status"] ?? 2), text: JSON.stringify(told) });
    });
  });
  return { outcome, sendRest: () => stream.end(bytes.subarray(9)) };
}

/** One half-sent call of every kind, each of which the service has begun to read. */
async function beginAll(service: ServiceProcess): Promise<Readonly<Record<string, HalfSent>>> {
  const calls = Object.fromEntries(
    Object.entries(OVER_HTTP).map(([path, body]) => [path, beginHttp(service, path, body)]),
  );
  const all = { gRPC: beginGrpc(service), ...calls };
  for (const { outcome } of Object.values(all)) outcome.catch(() => {});
  // A later connection of each listener has been served, so the earlier ones were read.
  const later = beginGrpc(service);
  later.sendRest();
  expect((await later.outcome).status).toBe(0);
  expect((await fetch(`${service.http}/readyz`)).status).toBe(200);
  return all;
}

const isRefused = ({ http: base }: ServiceProcess): Promise<boolean> =>
  fetch(`${base}/readyz`, { headers: { connection: "close" } }).then(
    () => false,
    () => true,
  );

describe.concurrent("a request that arrives while the service drains", () => {
  it("is served, also if the rest comes when the listeners have closed", async () => {
    const service = await startService();
    const calls = await beginAll(service);
    service.signal("SIGTERM");
    await eventually(() => isRefused(service));
    // Longer than listeners wait for their last answers.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const { sendRest } of Object.values(calls)) sendRest();
    for (const [name, { outcome }] of Object.entries(calls)) {
      expect({ name, ...(await outcome) }).toMatchObject({ status: name === "gRPC" ? 0 : 200 });
    }
    expect(await service.exited).toBe(0);
  });

  it("is refused as any call is when the time is over", async () => {
    const service = await startService();
    const calls = await beginAll(service);
    service.signal("SIGTERM");
    await eventually(() => service.log.some(({ event }) => event === "draining"));
    // Ends the time at once.
    service.signal("SIGTERM");
    for (const [name, { outcome }] of Object.entries(calls)) {
      const { status, text } = await outcome;
      expect({ name, status }).toEqual({ name, status: REFUSED[name] ?? 503 });
      expect({ name, text }).toEqual({ name, text: expect.stringContaining("draining") });
    }
    expect(await service.exited).toBe(0);
    const refused = service.log.filter(({ reason }) => reason === "DRAINING");
    expect(refused).toHaveLength(Object.keys(calls).length);
  });
});
