import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import http2, { type ServerHttp2Stream } from "node:http2";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { Health } from "../../../gen/service/grpc/health/v1/health_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";
import {
  answerOf,
  envelope,
  RESUME,
  STREAM,
  serveGrpc,
  wireStatus,
} from "../../support/served-grpc.ts";
import { eventually } from "../../support/stack.ts";

const CHECK = `/${Health.typeName}/Check`;
const WATCH = `/${Health.typeName}/Watch`;
const REFUSED = new GatewayError("permission-denied", "no ünit", { reason: "NOT_OWNER" });
const served = serveGrpc();

describe("a stream over gRPC", () => {
  const event = (sequence: number) =>
    encodeEvent(
      { sequence, attemptIndex: 1, body: { type: "text-delta", partIndex: 0, text: "a" } },
      1,
    );

  it("has its headers, its messages as they are, and its status", async () => {
    served.stream = async function* (_request, { setResponseHeader, setTrailer }) {
      setResponseHeader("x-steer-stream-id", "s.1");
      yield event(1);
      setTrailer("x-steer-attempts", "1");
      yield event(2);
    };
    const { headers, trailers, messages } = await served.call(RESUME);
    expect(headers).toMatchObject({ ":status": 200, "x-steer-stream-id": "s.1" });
    expect(messages.map((message) => Buffer.from(message))).toEqual(
      [event(1), event(2)].map((bytes) => Buffer.from(bytes)),
    );
    expect(trailers).toMatchObject({ "grpc-status": "0", "x-steer-attempts": "1" });
  });

  it("leads to nothing once it is closed", async () => {
    // V8 keeps closed streams until a full collection. Whatever a stream leads to is kept with it.
    const created = "http2.server.stream.created";
    const streams: ServerHttp2Stream[] = [];
    const note = (message: unknown): void =>
      void streams.push((message as { stream: ServerHttp2Stream }).stream);
    subscribe(created, note);
    try {
      served.stream = async function* () {
        yield event(1);
      };
      await served.call(RESUME);
    } finally {
      unsubscribe(created, note);
    }
    const [stream] = streams;
    await eventually(() => stream?.eventNames().join() === "error");
  });

  it("without a message has its headers all the same", async () => {
    // biome-ignore lint/correctness/useYield: it has no message
    served.stream = async function* (_request, { setResponseHeader }) {
      setResponseHeader("x-steer-stream-id", "s.1");
    };
    const { headers, trailers } = await served.call(RESUME);
    expect({ ...headers, ...trailers }).toMatchObject({
      "x-steer-stream-id": "s.1",
      "grpc-status": "0",
    });
  });

  it("that fails at once is headers alone, and one that fails later has trailers", async () => {
    for (const messages of [0, 1]) {
      served.stream = async function* () {
        for (let sequence = 1; sequence <= messages; sequence++) yield event(sequence);
        throw REFUSED;
      };
      const answer = await served.call(RESUME);
      expect(answer.messages).toHaveLength(messages);
      expect(answer.trailers === undefined).toBe(messages === 0);
      expect(wireStatus(answer)).toEqual({ code: "7", message: "no ünit" });
    }
  });

  it("whose deadline passes has its status behind its messages, and takes no more", async () => {
    const left = Promise.withResolvers<void>();
    served.stream = async function* (_request, { signal }) {
      yield event(1);
      await once(signal, "abort");
      left.resolve();
      yield event(2);
    };
    const opened = served.open(RESUME, { "grpc-timeout": "2S" });
    const answer = answerOf(opened);
    opened.end(envelope(STREAM));
    await once(opened, "data");
    await served.clock.advance(2_000);
    await left.promise;
    const { messages, trailers } = await answer;
    expect(messages).toHaveLength(1);
    expect(trailers).toMatchObject({ "grpc-status": "4", "grpc-message": "Deadline%20exceeded" });
  });

  it("of a burst is served or refused, also beside those whose clients have left before their turn", async () => {
    served.stream = async function* () {
      yield event(1);
    };
    const answers = Array.from({ length: 300 }, (_, index) => {
      const opened = served.open(RESUME, index % 5 === 1 ? { "grpc-timeout": "soon" } : {});
      opened.end(envelope(STREAM));
      if (index % 5 !== 0) return answerOf(opened);
      opened.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      return undefined;
    });
    const codes = (await Promise.all(answers)).map((answer) => answer && wireStatus(answer).code);
    const ofFive = [undefined, "3", "0", "0", "0"];
    expect(codes).toEqual(codes.map((_, index) => ofFive[index % 5]));
  });

  it("has the messages of a burst in few frames", async () => {
    served.stream = async function* () {
      for (let sequence = 1; sequence <= 100; sequence++) yield event(sequence);
    };
    const opened = served.open(RESUME);
    const frames: Buffer[] = [];
    opened.on("data", (frame: Buffer) => void frames.push(frame));
    opened.end(envelope(STREAM));
    await once(opened, "close");
    const sent = Array.from({ length: 100 }, (_, index) => envelope(event(index + 1)));
    expect(Buffer.concat(frames)).toEqual(Buffer.concat(sent));
    expect(frames.length).toBeLessThan(10);
  });

  it("waits for a reader that is slow, and ends with one that leaves", async () => {
    let sent = 0;
    const large = encodeEvent(
      {
        sequence: 1,
        attemptIndex: 1,
        body: { type: "text-delta", partIndex: 0, text: "x".repeat(64 * 1024) },
      },
      1,
    );
    served.stream = async function* () {
      for (;;) {
        sent++;
        yield large;
      }
    };
    const opened = served.open(RESUME);
    opened.end(envelope(STREAM));
    await once(opened, "response");
    let before = -1;
    // Nothing is read: the windows fill.
    await eventually(async () => {
      const isStill = sent === before;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return isStill;
    });
    expect(sent).toBeLessThan(1_000);
    opened.resume();
    await eventually(() => sent > before + 10);
    opened.close(http2.constants.NGHTTP2_CANCEL);
    await eventually(() => served.lines.length > 0);
    expect(served.lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
  });
});

describe("services that ask for no credentials", () => {
  beforeEach(() => {
    served.authenticate = () => {
      throw REFUSED;
    };
  });

  it("are served, and their deadlines looked at", async () => {
    expect(wireStatus(await served.call(CHECK, {}, envelope(new Uint8Array()))).code).toBe("0");
    const late = await served.call(CHECK, { "grpc-timeout": "soon" }, envelope(new Uint8Array()));
    expect(wireStatus(late).code).toBe("3");
    expect(served.lines).toMatchObject([{ reason: "INVALID_REQUEST", field: "grpc-timeout" }]);
    const zip = { "grpc-encoding": "gzip" };
    const zipped = await served.call(CHECK, zip, envelope(gzipSync(new Uint8Array()), 1));
    expect(wireStatus(zipped).code).toBe("0");
  });

  it("tell who watches of every change", async () => {
    const opened = served.open(WATCH);
    opened.end(envelope(new Uint8Array()));
    let told = "";
    opened.on("data", (piece: Buffer) => {
      told += piece.toString("hex");
    });
    await eventually(() => told !== "");
    served.listener.setServing(false);
    await eventually(() => told.length > 14);
    served.listener.setServing(true);
    await eventually(() => told.length > 28);
    const serving = (status: number) => `00000000020${"8"}0${status}`;
    expect(told).toBe(`${serving(1)}${serving(2)}${serving(1)}`);
    opened.close();
  });
});

describe("the connections of a listener", () => {
  it("are counted, and no new one is taken once it stops", async () => {
    const before = served.listener.connections;
    const socket = net.connect(served.listener.address.port, "127.0.0.1");
    socket.on("error", () => {});
    await eventually(() => served.listener.connections === before + 1);
    socket.destroy();
    await eventually(() => served.listener.connections === before);
    expect(served.listener.address).toEqual({ host: "127.0.0.1", port: expect.any(Number) });
    expect(served.listener.address.port).toBeGreaterThan(0);
    expect(served.listener.tls).toBeUndefined();
  });
});
