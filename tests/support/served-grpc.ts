// A gRPC listener over handlers that a test changes, and calls on the wire.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach } from "vitest";
import {
  GenerationService,
  ResumeStreamRequestSchema,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import {
  GetModelRequestSchema,
  GetModelResponseSchema,
  ModelService,
} from "../../gen/service/steer/v1/model_service_pb.ts";
import type { HandlerCall } from "../../src/calls/handler-call.ts";
import { createDispatcher } from "../../src/rpc/dispatcher.ts";
import { createGrpcListener } from "../../src/rpc/grpc-listener.ts";
import type { Listener } from "../../src/rpc/listener.ts";
import { callsOf } from "./calls.ts";
import { createManualClock } from "./manual-clock.ts";

export const GET_MODEL = `/${ModelService.typeName}/GetModel`;
export const RESUME = `/${GenerationService.typeName}/ResumeStream`;
export const REQUEST = toBinary(
  GetModelRequestSchema,
  create(GetModelRequestSchema, { model: "m" }),
);
export const STREAM = toBinary(
  ResumeStreamRequestSchema,
  create(ResumeStreamRequestSchema, { streamId: "s.0000000000000000000000" }),
);
const REQUEST_BYTES = 128 * 1024;
const CALLER = { id: "alice", role: "caller" } as const;

type Unary = (request: Message, call: HandlerCall) => Promise<Message>;
type Stream = (request: Message, call: HandlerCall) => AsyncIterable<Message | Uint8Array>;

const found: Unary = async () => create(GetModelResponseSchema, { model: { id: "found" } });
const nothing: Stream = () => (async function* () {})();

/** One listener for the tests of a file; each test starts with fresh handlers and lines. */
export function serveGrpc() {
  const clock = createManualClock();
  let listener: Listener;
  let client: http2.ClientHttp2Session;
  const served = {
    clock,
    authenticate: (): typeof CALLER => CALLER,
    unary: found,
    stream: nothing,
    lines: [] as Record<string, unknown>[],
    get listener(): Listener {
      return listener;
    },
    /** A call whose request the test writes. */
    open(path: string, headers: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream {
      const opened = client.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      opened.on("error", () => {});
      return opened;
    },
    /** A call with its request; resolves with the whole answer. */
    call(
      path: string,
      headers: http2.OutgoingHttpHeaders = {},
      body: Buffer = envelope(path === GET_MODEL ? REQUEST : STREAM),
    ): Promise<Answer> {
      const opened = served.open(path, headers);
      opened.end(body);
      return answerOf(opened);
    },
  };

  beforeAll(async () => {
    const unary: Unary = (...given) => served.unary(...given);
    const stream: Stream = (...given) => served.stream(...given);
    const dispatcher = createDispatcher({
      services: [
        { service: ModelService, handlers: { getModel: unary } },
        { service: GenerationService, handlers: { resumeStream: stream } },
      ],
      calls: callsOf("alice", {
        authenticate: () => served.authenticate(),
        clock,
        log: (line) => void served.lines.push(line as never),
      }),
      requestBytes: REQUEST_BYTES,
      clock,
    });
    listener = await createGrpcListener({
      address: { host: "127.0.0.1", port: 0 },
      tls: undefined,
      requestBytes: REQUEST_BYTES,
      dispatcher,
      image: readFileSync("gen/steer.binpb"),
      clock,
      ageLimit: undefined,
    });
    client = http2.connect(`http://127.0.0.1:${listener.address.port}`);
    client.on("error", () => {});
  });

  afterAll(async () => {
    client.destroy();
    await listener.close();
  });

  beforeEach(() => {
    served.lines = [];
    served.authenticate = () => CALLER;
    served.unary = found;
    served.stream = nothing;
  });
  return served;
}

export function envelope(bytes: Uint8Array, flags = 0): Buffer {
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export interface Answer {
  readonly headers: http2.IncomingHttpHeaders;
  /** Undefined: the headers were the whole answer. */
  readonly trailers: http2.IncomingHttpHeaders | undefined;
  readonly messages: readonly Buffer[];
}

export async function answerOf(opened: http2.ClientHttp2Stream): Promise<Answer> {
  let headers: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders | undefined;
  const pieces: Buffer[] = [];
  opened.on("response", (received) => {
    headers = received;
  });
  opened.on("trailers", (received) => {
    trailers = received;
  });
  opened.on("data", (piece: Buffer) => pieces.push(piece));
  await once(opened, "close");
  const messages: Buffer[] = [];
  let rest = Buffer.concat(pieces);
  while (rest.length > 0) {
    const end = 5 + rest.readUInt32BE(1);
    messages.push(rest.subarray(5, end));
    rest = rest.subarray(end);
  }
  return { headers, trailers, messages };
}

/** The status of an answer, from its headers or its trailers. */
export function wireStatus({ headers, trailers }: Answer) {
  const { "grpc-status": code, "grpc-message": message } = trailers ?? headers;
  return { code, message: message === undefined ? undefined : decodeURI(String(message)) };
}
