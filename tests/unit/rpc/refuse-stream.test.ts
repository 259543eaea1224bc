import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { StatusSchema } from "../../../gen/es/google/rpc/status_pb.js";
import { GrpcAnswer } from "../../../src/rpc/grpc-answer.ts";
import { refuseStream } from "../../../src/rpc/refuse-stream.ts";
import { openHttp2Pair } from "../../support/http2-pair.ts";
import { eventually } from "../../support/stack.ts";

const STATUS = {
  code: 8,
  message: "too many, naïve",
  details: [],
  trailers: { "retry-after": "3" },
};

it("a refused call ends by its status, although its request is not whole", async () => {
  using pair = await openHttp2Pair();
  const request = pair.request();
  await eventually(() => pair.held.length === 1);
  const [stream] = pair.held;
  if (stream === undefined) throw new Error("no stream");
  const answered = once(request, "response");
  const closed = once(request, "close");
  refuseStream(stream, STATUS);
  // A call that has its answer has no second one.
  refuseStream(stream, { ...STATUS, code: 13 });
  const [headers] = await answered;
  expect(headers).toMatchObject({
    ":status": 200,
    "content-type": "application/grpc+proto",
    "grpc-status": "8",
    "grpc-message": "too%20many,%20na%C3%AFve",
    "retry-after": "3",
  });
  const details = Buffer.from(String(headers["grpc-status-details-bin"]), "base64");
  expect(fromBinary(StatusSchema, details)).toMatchObject({ code: 8, message: STATUS.message });
  await closed;
  expect(request.rstCode).toBe(0);
});

it("a frozen status is encoded once for all calls, and each call keeps its own headers", async () => {
  using pair = await openHttp2Pair();
  let encoded = 0;
  const status = Object.freeze({
    ...STATUS,
    get details() {
      encoded++;
      return [];
    },
  });
  const requests = [pair.request(), pair.request()];
  const answered = requests.map((request) => once(request, "response"));
  await eventually(() => pair.held.length === requests.length);
  for (const [index, stream] of pair.held.entries()) {
    const answer = new GrpcAnswer(stream);
    answer.setHeader("x-call", `${index}`);
    answer.setTrailer("retry-after", "9");
    answer.fail(status);
  }
  const heads = (await Promise.all(answered)).map(([headers]) => headers);
  // The status decides about what it has itself.
  const shared = { "grpc-status": "8", "retry-after": "3" };
  expect(heads).toMatchObject([
    { ...shared, "x-call": "0" },
    { ...shared, "x-call": "1" },
  ]);
  expect(encoded).toBe(1);
});

it("a client that has left is told nothing", async () => {
  using pair = await openHttp2Pair();
  const request = pair.request();
  await eventually(() => pair.held.length === 1);
  request.destroy();
  await eventually(() => pair.held[0]?.destroyed === true);
  for (const stream of pair.held) expect(() => refuseStream(stream, STATUS)).not.toThrow();
});
