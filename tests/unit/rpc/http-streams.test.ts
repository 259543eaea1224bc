import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type http from "node:http";
import type { Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ResumeStreamRequestSchema } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";
import { connectFrame, connectFrames } from "../../support/connect-wire.ts";
import { POSITION, RESUME, STREAM_TYPE, serveHttp } from "../../support/served-http.ts";
import { eventually } from "../../support/stack.ts";

const REFUSED = new GatewayError("permission-denied", "no", { reason: "NOT_OWNER" });

const served = serveHttp();

describe("a stream over HTTP", () => {
  const event = (sequence: number) => ({ sequence, attemptIndex: 1, heartbeat: {} });
  const bytes = (sequence: number) =>
    encodeEvent({ sequence, attemptIndex: 1, body: { type: "heartbeat", isUndurable: false } }, 0);
  const read = async (headers: http.OutgoingHttpHeaders = STREAM_TYPE) => {
    const answer = await served.ask(RESUME, { headers, body: connectFrame(POSITION) });
    return { ...answer, frames: connectFrames(answer.body) };
  };

  it("has its messages, encoded or not, and says that nothing holds it back", async () => {
    served.stream = async function* (_request, { setResponseHeader, setTrailer }) {
      setResponseHeader("x-steer-stream-id", "s.1");
      yield bytes(1);
      setTrailer("x-steer-attempts", "1");
      yield create(StreamEventSchema, {
        sequence: 2,
        attemptIndex: 1,
        event: { case: "heartbeat", value: {} },
      });
    };
    const { status, headers, frames } = await read();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "x-steer-stream-id": "s.1",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    expect(frames.map(({ end, message }) => [end, message])).toEqual([
      [false, event(1)],
      [false, event(2)],
      [true, { metadata: { "x-steer-attempts": ["1"] } }],
    ]);
  });

  it("that fails has the error in its end", async () => {
    served.stream = async function* () {
      yield bytes(1);
      throw REFUSED;
    };
    const { frames } = await read();
    expect(frames.map(({ end }) => end)).toEqual([false, true]);
    expect(frames[1]?.message).toMatchObject({
      error: { code: "permission_denied", message: "no" },
    });
    expect(served.lines).toMatchObject([{ code: "PERMISSION_DENIED" }]);
  });

  it("is one of gRPC-Web as well", async () => {
    served.stream = async function* () {
      yield bytes(1);
    };
    const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 0])]);
    const request = create(ResumeStreamRequestSchema, POSITION);
    const message = toBinary(ResumeStreamRequestSchema, request);
    body.writeUInt32BE(message.length, 1);
    const headers = { "content-type": "application/grpc-web+proto" };
    const answer = await served.ask(RESUME, { headers, body: Buffer.concat([body, message]) });
    expect(answer.status).toBe(200);
    const end = 5 + answer.body.readUInt32BE(1);
    expect(answer.body.subarray(5, end).equals(bytes(1))).toBe(true);
    expect(answer.body.subarray(end).toString()).toContain("grpc-status: 0");
  });

  describe("whose caller leaves", () => {
    /** The service's end of the connection by which the last request came. */
    let connection: Socket;
    const keep = (message: unknown): void => {
      connection = (message as { readonly socket: Socket }).socket;
    };

    beforeAll(() => subscribe("http.server.request.start", keep));
    afterAll(() => void unsubscribe("http.server.request.start", keep));

    const open = () => served.open(RESUME, { headers: STREAM_TYPE, body: connectFrame(POSITION) });

    async function expectLeft(): Promise<void> {
      await eventually(() => served.lines.length > 0);
      expect(served.lines).toMatchObject([{ code: "CANCELLED" }]);
    }

    it("while nothing is sent ends", async () => {
      served.stream = async function* (_request, { signal }) {
        yield bytes(1);
        await once(signal, "abort");
        throw signal.reason;
      };
      const request = open();
      await once(request, "response");
      request.destroy();
      await expectLeft();
    });

    // Node drops what is written to such a connection and says nothing, until it tells of the close.
    it.each([1, 2, 3])("right before message %i is written ends", async (last) => {
      served.stream = async function* (_request, { signal }) {
        for (let sequence = 1; sequence < last; sequence++) yield bytes(sequence);
        connection.destroy();
        yield bytes(last);
        if (!signal.aborted) await once(signal, "abort");
        throw signal.reason;
      };
      open();
      await expectLeft();
    });

    it("while its connection takes no more ends", async () => {
      let sent = 0;
      served.stream = async function* () {
        for (;;) {
          sent++;
          yield create(StreamEventSchema, {
            event: { case: "textDelta", value: { text: "x".repeat(1024 * 1024) } },
          });
        }
      };
      const request = open();
      await once(request, "response");
      // Nothing is read: the buffers of both ends fill.
      await eventually(() => connection.writableNeedDrain);
      const before = sent;
      request.destroy();
      await expectLeft();
      expect(sent - before).toBeLessThan(3);
    });
  });
});
