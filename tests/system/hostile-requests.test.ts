import http from "node:http";
import http2 from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import { systemClock } from "../../src/clock.ts";
import { type RunningService, startService } from "../../src/service.ts";
import { fromExplainedFile } from "../support/config-file.ts";
import { type Addresses, type GzipUse, PROTOCOLS } from "../support/hostile-call.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { requestRaw } from "../support/raw-http.ts";
import { collectionsOf, delimited } from "../support/wire-floods.ts";

const { generate, streamGenerate, countTokens } = GenerationService.method;
const { listModels } = ModelService.method;

const MIB = 1024 * 1024;
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;

let service: RunningService;
let at: Addresses;
const lines: Readonly<Record<string, unknown>>[] = [];

beforeAll(async () => {
  const environment = { STEER_GRPC_ADDRESS: "127.0.0.1:0", STEER_HTTP_ADDRESS: "127.0.0.1:0" };
  service = await startService(
    (line) => void lines.push(line),
    systemClock,
    () => fromExplainedFile("", environment),
  );
  const [listening] = lines;
  at = { grpc: String(listening?.["grpc"]), http: `http://${String(listening?.["http"])}` };
});

afterAll(async () => {
  await service.stop(AbortSignal.abort());
  // What a caller has done wrong is no defect.
  expect(lines.filter(({ event }) => event === "defect")).toEqual([]);
});

/** A request that is served, and one whose end is malformed, which a decoder would tell of. */
function requestsOf({ input }: DescMethod, format: "proto" | "json") {
  const [messages] = collectionsOf(input);
  const spec = input.fields.find(({ name }) => name === "spec");
  if (messages === undefined || spec === undefined) throw new Error("no conversation");
  const model = delimited(1, Buffer.from("simulator"));
  const prompt = delimited(14, Buffer.from("Hi"));
  return format === "proto"
    ? {
        good: Buffer.from(delimited(spec.number, Buffer.concat([model, prompt]))),
        flood: Buffer.concat([messages.bytes(300_000), Buffer.of(0x07)]),
      }
    : {
        good: Buffer.from('{"spec":{"model":"simulator","prompt":"Hi"}}'),
        flood: Buffer.from(`${messages.json(300_000).slice(0, -2)}]`),
      };
}

const methods = [generate, streamGenerate, countTokens];
const ways = PROTOCOLS.flatMap((protocol) =>
  methods.flatMap((method) =>
    (["plain", "gzip"] as const).map((gzip) => ({
      protocol,
      method,
      gzip,
      title: `${protocol.name}, ${method.name}, ${gzip}`,
    })),
  ),
);

describe.each(ways)("$title", ({ protocol, method, gzip }) => {
  const { good, flood } = requestsOf(method, protocol.format);
  const call = (body: Buffer, use: GzipUse = gzip) => protocol.call(at, method, body, use);

  it("serves a request", async () => {
    expect(await call(good)).toMatchObject({ code: 0 });
  });

  it("field:X3 field:X4 refuses a flood of messages before it decodes one", async () => {
    expect(await call(flood)).toEqual({
      code: INVALID_ARGUMENT,
      message: "spec.messages: must contain no more than 4096 item(s)",
      violations: ["spec.messages"],
    });
  });

  it("field:X11 refuses what is no message", async () => {
    for (const body of protocol.format === "proto" ? ["\0", "\n\x05a"] : ["", "{", "[]", "\0"]) {
      expect(await call(Buffer.from(body))).toMatchObject({ code: INVALID_ARGUMENT });
    }
  });

  it("field:X3 refuses what grows too large", async () => {
    const body = Buffer.alloc(gzip === "gzip" ? 4 * MIB : 33 * MIB, 0x20);
    expect(await call(body)).toMatchObject({ code: RESOURCE_EXHAUSTED });
  });
});

describe.each(PROTOCOLS)("$name", (protocol) => {
  it("field:X11 refuses what is not compressed as it says", async () => {
    for (const method of methods) {
      const ended = await protocol.call(at, method, Buffer.from("no gzip"), "broken");
      expect(ended).toMatchObject({ code: INVALID_ARGUMENT });
    }
  });

  it.each(["plain", "gzip"] as const)(
    "field:X3 takes no more than 64 KiB for a method without a conversation, %s",
    async (gzip) => {
      const blank = protocol.format === "json" ? Buffer.from("{}") : Buffer.alloc(0);
      expect(await protocol.call(at, listModels, blank, gzip)).toMatchObject({ code: 0 });
      const body = Buffer.alloc(65_537, 0x20);
      expect(await protocol.call(at, listModels, body, gzip)).toMatchObject({
        code: RESOURCE_EXHAUSTED,
      });
    },
  );
});

describe("a request in the address", () => {
  const get = async (query: string) => {
    const response = await fetch(`${at.http}/${ModelService.typeName}/ListModels?${query}`);
    return { status: response.status, body: (await response.json()) as object };
  };

  it("is served", async () => {
    const all = await get("encoding=json&message=%7B%7D&connect=v1");
    expect(all).toMatchObject({ status: 200, body: { models: expect.any(Array) } });
    const none = Buffer.from(delimited(3, Buffer.from("none"))).toString("base64url");
    const answer = await fetch(
      `${at.http}/${ModelService.typeName}/ListModels?encoding=proto&base64=1&message=${none}`,
    );
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, 0]);
  });

  it.each([
    ["JSON that is none", "encoding=json&message=%7B"],
    ["a field that is not there", "encoding=json&message=%7B%22x%22%3A1%7D"],
    ["bytes that are no message", "encoding=proto&base64=1&message=AA"],
    ["no base64", "encoding=proto&base64=1&message=%21%21"],
    ["no gzip", "encoding=json&base64=1&compression=gzip&message=AA"],
  ])("field:X11 is refused: %s", async (_name, query) => {
    expect(await get(query)).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
  });
});

it("field:X11 a host that is none is refused, and the next call is served", async () => {
  const url = new URL(at.http);
  const status = await new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: url.hostname,
        port: url.port,
        method: "POST",
        path: `/${GenerationService.typeName}/Generate`,
        headers: { host: "a b%", "content-type": "application/json" },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on("error", reject);
    request.end("{}");
  });
  expect(status).toBe(400);
});

describe("an x-request-id that no answer can carry back", () => {
  const headers = { "x-request-id": "caf\u00e9" };
  const status = String(INVALID_ARGUMENT);

  it("field:X12 is refused over gRPC, and the next call is served", async () => {
    const session = http2.connect(`http://${at.grpc}`);
    const request = { spec: { model: "simulator", prompt: "Hi" } };
    for (const method of [generate, streamGenerate]) {
      expect(statusOf(await rawCall(session, method, request, headers))).toBe(status);
    }
    const named = { "x-request-id": "call 1" };
    const served = await rawCall(session, generate, request, named);
    expect([statusOf(served), served.headers["x-request-id"]]).toEqual(["0", "call 1"]);
    session.destroy();
  });

  it("field:X12 is refused over HTTP", async () => {
    const answer = await requestRaw(`${at.http}/${GenerationService.typeName}/Generate`, {
      headers: { ...headers, "content-type": "application/json" },
      body: '{"spec":{"model":"simulator","prompt":"Hi"}}',
    });
    expect(answer.status).toBe(400);
    const message = "x-request-id: must be printable ASCII";
    expect(JSON.parse(answer.body)).toMatchObject({ code: "invalid_argument", message });
  });
});
