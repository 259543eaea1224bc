import http from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  GenerateRequestSchema,
  GenerateResponseSchema,
  GenerationService,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { systemClock } from "../../../src/clock.ts";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { serve } from "../../../src/rpc/handlers.ts";
import { createHttpListener } from "../../../src/rpc/http-listener.ts";
import type { Listener } from "../../../src/rpc/listener.ts";
import { callsOf } from "../../support/calls.ts";
import { requestRaw } from "../../support/raw-http.ts";
import { eventually } from "../../support/stack.ts";

const ORIGIN = "https://page.test";
const JSON_TYPE = { "content-type": "application/json" };
const BODY = JSON.stringify({ spec: { model: "m", prompt: "Hi" } });
const GENERATE = `/${GenerationService.typeName}/Generate`;
/** Of no year that JSON can write. */
const BEYOND = { createTime: { seconds: 10n ** 15n } };

let listener: Listener;
let lines: Readonly<Record<string, unknown>>[];
let trouble: string | undefined;
let answer: () => Promise<object>;

beforeEach(async () => {
  lines = [];
  trouble = undefined;
  answer = async () => ({});
  const generation = serve(GenerationService, {
    generate: async () => create(GenerateResponseSchema, { generation: await answer() }),
  } as never);
  const dispatcher = createDispatcher({
    services: [generation],
    calls: callsOf("alice", { log: (line) => void lines.push(line) }),
    requestBytes: 64 * 1024,
    clock: systemClock,
  });
  listener = await createHttpListener({
    address: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    corsOrigins: [ORIGIN],
    requestBytes: 64 * 1024,
    dispatcher,
    clock: systemClock,
    storeTrouble: () => trouble,
  });
});

afterEach(() => listener.close());

const ask = (path: string, options: Parameters<typeof requestRaw>[1] = { method: "GET" }) =>
  requestRaw(`http://127.0.0.1:${listener.address.port}${path}`, options);

const bodyOf = async (path: string): Promise<unknown> => {
  const { status, headers, body } = await ask(path);
  expect(headers).toMatchObject({ ...JSON_TYPE, "cache-control": "no-store" });
  return [status, JSON.parse(body)];
};

describe("what a balancer asks", () => {
  it("is answered by the state of the replica and of its store", async () => {
    expect(await bodyOf("/livez")).toEqual([200, { status: "OK" }]);
    expect(await bodyOf("/readyz?now")).toEqual([200, { status: "OK" }]);
    trouble = "full";
    expect(await bodyOf("/readyz")).toEqual([200, { status: "DEGRADED", store: "full" }]);
    listener.setServing(false);
    expect(await bodyOf("/readyz")).toEqual([503, { status: "DRAINING" }]);
    expect(await bodyOf("/livez")).toEqual([200, { status: "OK" }]);
    listener.setServing(true);
    trouble = undefined;
    expect(await bodyOf("/readyz")).toEqual([200, { status: "OK" }]);
  });
});

describe("a connection over HTTP/1.1", () => {
  it("stays behind an answer, and ends with each that comes in a drain", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const connectionOf = () =>
      new Promise<string | undefined>((resolve, reject) => {
        const options = { port: listener.address.port, path: "/livez", agent };
        const request = http.get(options, (response) => {
          response.resume();
          response.once("end", () => resolve(response.headers.connection));
        });
        request.once("error", reject);
      });
    expect(await connectionOf()).toBe("keep-alive");
    expect(listener.connections).toBe(1);
    listener.setServing(true);
    expect(await connectionOf()).toBe("keep-alive");
    listener.setServing(false);
    expect(await connectionOf()).toBe("close");
    await eventually(() => listener.connections === 0);
    agent.destroy();
  });

  it("ends with the answer of a call that ran when the drain began", async () => {
    let end = (): void => {};
    let isRunning = false;
    answer = () =>
      new Promise((resolve) => {
        isRunning = true;
        end = () => resolve({});
      });
    const asked = ask(GENERATE, { headers: JSON_TYPE, body: BODY });
    await eventually(() => isRunning);
    listener.setServing(false);
    end();
    expect((await asked).headers.connection).toBe("close");
  });
});

describe("an answer that JSON cannot write", () => {
  it("ends its call with INTERNAL, on its line too", async () => {
    answer = async () => BEYOND;
    const { status, body } = await ask(GENERATE, { headers: JSON_TYPE, body: BODY });
    expect([status, JSON.parse(body)]).toMatchObject([500, { code: "internal" }]);
    expect(lines).toMatchObject([
      { event: "call", code: "INTERNAL" },
      { event: "defect", method: GENERATE.slice(1) },
    ]);
  });

  it("is written in bytes", async () => {
    answer = async () => BEYOND;
    const headers = { "content-type": "application/proto" };
    const request = create(GenerateRequestSchema, { spec: { model: "m", prompt: "Hi" } });
    const body = Buffer.from(toBinary(GenerateRequestSchema, request));
    expect((await ask(GENERATE, { headers, body })).status).toBe(200);
    expect(lines).toMatchObject([{ event: "call", code: "OK" }]);
  });
});

describe("a page", () => {
  const preflight = { origin: ORIGIN, "access-control-request-method": "POST" };

  it("of an origin that may call is told so, and what it may send and read", async () => {
    const { status, headers } = await ask(GENERATE, { method: "OPTIONS", headers: preflight });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      "access-control-allow-origin": ORIGIN,
      "access-control-allow-methods": expect.stringContaining("POST"),
      "access-control-allow-headers": expect.stringMatching(/authorization.*x-request-id/),
      "access-control-expose-headers": expect.stringMatching(/x-steer-stream-id.*retry-after/),
      "access-control-max-age": "7200",
      vary: "Origin",
    });
    const called = await ask(GENERATE, { headers: { ...JSON_TYPE, origin: ORIGIN }, body: BODY });
    expect(called.status).toBe(200);
    expect(called.headers).toMatchObject({ "access-control-allow-origin": ORIGIN });
    expect(called.headers).not.toHaveProperty("access-control-max-age");
  });

  it("of another origin is told nothing", async () => {
    const origin = "https://other.test";
    const { status, headers } = await ask(GENERATE, {
      method: "OPTIONS",
      headers: { ...preflight, origin },
    });
    expect(status).toBe(204);
    expect(Object.keys(headers).join()).not.toContain("access-control");
  });
});

it("tells a prompt in an address to be sent in a POST", async () => {
  const { status, body } = await ask(`/${GenerationService.typeName}/CountTokens?message=x`);
  expect([status, JSON.parse(body)]).toEqual([
    405,
    { code: "unimplemented", message: "send a POST" },
  ]);
});
