// Bodies of several messages, by the service that has them: reflection.
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ServerReflectionRequestSchema } from "../../../../gen/service/grpc/reflection/v1/reflection_pb.ts";
import { answerOf, envelope, serveGrpc, wireStatus } from "../../../support/served-grpc.ts";

const INFO = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const QUESTION = toBinary(
  ServerReflectionRequestSchema,
  create(ServerReflectionRequestSchema, {
    host: "a.test",
    messageRequest: { case: "listServices", value: "" },
  }),
);
const served = serveGrpc();

describe("a body of several messages", () => {
  it("may come in pieces of any size", async () => {
    const body = Buffer.concat(Array.from({ length: 4 }, () => envelope(QUESTION)));
    for (const size of [1, 4, 7, QUESTION.length + 6, body.length]) {
      const opened = served.open(INFO);
      const answer = answerOf(opened);
      for (let at = 0; at < body.length; at += size) {
        opened.write(body.subarray(at, at + size));
        await new Promise(setImmediate);
      }
      opened.end();
      const { messages, trailers } = await answer;
      expect(messages).toHaveLength(4);
      expect(trailers).toMatchObject({ "grpc-status": "0" });
    }
  });

  it("is answered message by message while it is open", async () => {
    const opened = served.open(INFO);
    const answer = answerOf(opened);
    for (let message = 0; message < 3; message++) {
      const answered = once(opened, "data");
      opened.write(envelope(QUESTION));
      await answered;
    }
    opened.end();
    expect((await answer).messages).toHaveLength(3);
  });

  it("may have compressed messages beside others", async () => {
    const zipped = envelope(gzipSync(QUESTION), 1);
    const body = Buffer.concat([zipped, envelope(QUESTION), zipped]);
    const answer = await served.call(INFO, { "grpc-encoding": "gzip" }, body);
    expect(answer.messages).toHaveLength(3);
    expect(wireStatus(answer).code).toBe("0");
    expect(wireStatus(await served.call(INFO, {}, zipped)).code).toBe("13");
  });

  it("has no message that is too large, and none that is not whole", async () => {
    const large = Buffer.from([0, 0, 1, 0, 1]);
    expect(wireStatus(await served.call(INFO, {}, large))).toEqual({
      code: "8",
      message: "the request is larger than 65536 bytes",
    });
    const part = Buffer.concat([envelope(QUESTION), envelope(QUESTION).subarray(0, 8)]);
    const answer = await served.call(INFO, {}, part);
    expect(answer.messages).toHaveLength(1);
    expect(wireStatus(answer)).toEqual({
      code: "3",
      message: "the request ends within its message",
    });
  });

  it("ends with its service's refusal, although its client sends on", async () => {
    const opened = served.open(INFO);
    const answer = answerOf(opened);
    for (let message = 0; message <= 1_000; message++) opened.write(envelope(QUESTION));
    const { messages, trailers } = await answer;
    expect(messages).toHaveLength(1_000);
    expect(trailers).toMatchObject({ "grpc-status": "8" });
  });

  it("is ended if its first message is not whole after a minute", async () => {
    const opened = served.open(INFO);
    opened.write(envelope(QUESTION).subarray(0, 7));
    const answer = answerOf(opened);
    await served.call(INFO, {}, envelope(QUESTION));
    await served.clock.advance(60_000);
    expect(wireStatus(await answer).message).toBe("the request was not whole after 60 s");
  });
});
