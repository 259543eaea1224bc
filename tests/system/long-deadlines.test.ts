// Deadlines beyond the longest timer of Node, by each protocol.
import http2 from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../gen/es/google/rpc/status_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { connectFrame, connectFrames } from "../support/connect-wire.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { startTimedService } from "../support/timed-service.ts";

const { generate, streamGenerate } = GenerationService.method;
// A generation that takes a while: a timer that has wrapped ends it.
const spec = {
  model: "simulator",
  prompt: "Hi",
  providerOptions: { simulator: { first_token_ms: 100 } },
};

let service: ServiceProcess;
let session: http2.ClientHttp2Session;

beforeAll(async () => {
  service = await startService();
  session = http2.connect(`http://${service.grpc}`);
});

afterAll(async () => {
  session.close();
  await service.stop();
});

function post(method: string, headers: Record<string, string>, body: string | Uint8Array) {
  const url = `${service.http}/${GenerationService.typeName}/${method}`;
  return fetch(url, { method: "POST", headers, body: Buffer.from(body) });
}

function connectUnary(timeout: string) {
  const headers = { "content-type": "application/json", "connect-timeout-ms": timeout };
  return post("Generate", headers, JSON.stringify({ spec }));
}

/** The status of a gRPC-Web call, from its trailers frame or its headers. */
async function grpcWeb(timeout: string): Promise<string | undefined> {
  const message = Buffer.from(toBinary(generate.input, create(generate.input, { spec })));
  const length = Buffer.alloc(5);
  length.writeUInt32BE(message.length, 1);
  const headers = { "content-type": "application/grpc-web+proto", "grpc-timeout": timeout };
  const answer = await post("Generate", headers, Buffer.concat([length, message]));
  const text = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  return /grpc-status: ?(\d+)/.exec(text)?.[1] ?? answer.headers.get("grpc-status") ?? undefined;
}

describe("a deadline that is longer than a timer of Node", () => {
  it.each([
    ["field:S22", "2147483648"],
    ["field:S22", "4294967297"],
    ["field:S23", "9999999999"],
    ["border", "2147483647"],
    ["border", "60000"],
  ])("%s is served over Connect: connect-timeout-ms %s", async (_case, timeout) => {
    const answer = await connectUnary(timeout);
    expect([answer.status, await answer.json()]).toMatchObject([200, { generation: {} }]);
    const headers = { "content-type": "application/connect+json", "connect-timeout-ms": timeout };
    const stream = await post("StreamGenerate", headers, connectFrame({ spec }));
    const frames = connectFrames(Buffer.from(await stream.arrayBuffer()));
    expect(frames.at(-1)).not.toHaveProperty("message.error");
    expect(JSON.stringify(frames)).toContain("complete");
  });

  it.each([
    ["field:S24", "2147484S"],
    ["field:S24", "8784H"],
    ["field:S24", "99999999H"],
    ["field:S24", "35792M"],
    ["border", "2147483S"],
    ["border", "99999999m"],
  ])("%s is served over gRPC-Web and gRPC: grpc-timeout %s", async (_case, timeout) => {
    expect(await grpcWeb(timeout)).toBe("0");
    for (const method of [generate, streamGenerate]) {
      const answer = await rawCall(session, method, { spec }, { "grpc-timeout": timeout });
      expect(statusOf(answer)).toBe("0");
    }
  });

  it.each(["99999999999", "1h", "-1", ""])(
    "border: a malformed connect-timeout-ms '%s' is refused",
    async (timeout) => {
      const answer = await connectUnary(timeout);
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { code: "invalid_argument" },
      ]);
    },
  );

  it.each([
    "2147483648",
    "999999999S",
    "8784h",
    "5s",
    "junk",
    "junk5S",
    "5Sjunk",
    "5 S",
    "-5S",
    "+5S",
    "5.5S",
    "0x5S",
    "S",
    "5",
    "5S, 5S",
    "",
  ])("border: a malformed grpc-timeout '%s' is INVALID_ARGUMENT", async (timeout) => {
    expect(await grpcWeb(timeout)).toBe("3");
    for (const method of [generate, streamGenerate]) {
      const answer = await rawCall(session, method, { spec }, { "grpc-timeout": timeout });
      expect([statusOf(answer), answer.trailers]).toEqual(["3", undefined]);
      const [details] = [answer.headers["grpc-status-details-bin"]].flat();
      const status = fromBinary(StatusSchema, Buffer.from(details ?? "", "base64"));
      const violations = status.details.flatMap(
        (detail) => anyUnpack(detail, BadRequestSchema)?.fieldViolations ?? [],
      );
      expect(violations.map(({ field }) => field)).toEqual(["grpc-timeout"]);
    }
  });

  it("border: a call that is refused by its deadline leaves its connection to others", async () => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${GenerationService.typeName}/Generate`,
      "content-type": "application/grpc",
      "grpc-timeout": "soon",
    });
    // A body that never ends is not waited for.
    stream.on("error", () => {}).write(Buffer.alloc(100_000));
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.once("response", resolve),
    );
    expect(headers["grpc-status"]).toBe("3");
    await new Promise((resolve) => stream.resume().once("close", resolve));
    expect(statusOf(await rawCall(session, generate, { spec }))).toBe("0");
  });

  it("border: a unary call over Connect ends with DEADLINE_EXCEEDED, whichever timer is first", async () => {
    // The protocol's own timer is older than those of the generation, so it is first.
    const timed = await startTimedService();
    const ask = (firstTokenMs: number, timeout: string) => {
      const simulator = { first_token_ms: firstTokenMs };
      return fetch(`${timed.http}/${GenerationService.typeName}/Generate`, {
        method: "POST",
        headers: { "content-type": "application/json", "connect-timeout-ms": timeout },
        body: JSON.stringify({ spec: { ...spec, providerOptions: { simulator } } }),
      });
    };
    expect((await ask(0, "60000")).status).toBe(200);
    const asked = ask(600_000, "300");
    let isAnswered = false;
    void asked.finally(() => {
      isAnswered = true;
    });
    await eventually(async () => {
      await timed.clock.advance(300);
      return isAnswered;
    });
    const late = await asked;
    expect([late.status, await late.json()]).toMatchObject([504, { code: "deadline_exceeded" }]);
    let isOver = false;
    void timed.stop(AbortSignal.abort()).then(() => {
      isOver = true;
    });
    // The idle connection of `fetch` has its grace, by the clock that stands still.
    await eventually(async () => {
      await timed.clock.advance(500);
      return isOver;
    });
  });

  it("border: a deadline within the timer's reach still ends a call", async () => {
    const slow = { ...spec, providerOptions: { simulator: { first_token_ms: 600_000 } } };
    const answer = await rawCall(session, generate, { spec: slow }, { "grpc-timeout": "50m" });
    expect(statusOf(answer)).toBe("4");
    const body = JSON.stringify({ spec: slow });
    const headers = { "content-type": "application/json", "connect-timeout-ms": "50" };
    const late = await post("Generate", headers, body);
    expect(await late.json()).toMatchObject({ code: "deadline_exceeded" });
  });
});
