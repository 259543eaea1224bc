// An HTTP listener over handlers that a test changes, and calls as they are on the wire.
import { once } from "node:events";
import http from "node:http";
import { create, type Message } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import {
  GetModelResponseSchema,
  ModelService,
} from "../../gen/service/steer/v1/model_service_pb.ts";
import type { HandlerCall } from "../../src/calls/handler-call.ts";
import { systemClock } from "../../src/clock.ts";
import { createDispatcher } from "../../src/rpc/dispatcher.ts";
import { createHttpListener, type HttpListener } from "../../src/rpc/http-listener.ts";
import { callsOf } from "./calls.ts";

export const GET_MODEL = `/${ModelService.typeName}/GetModel`;
export const RESUME = `/${GenerationService.typeName}/ResumeStream`;
export const JSON_TYPE = { "content-type": "application/json" };
export const STREAM_TYPE = { "content-type": "application/connect+json" };
export const POSITION = { streamId: "s.0000000000000000000000" };
const BODY = '{"model":"m"}';
const REQUEST_BYTES = 128 * 1024;
const CALLER = { id: "alice", role: "caller" } as const;

type Unary = (request: Message, call: HandlerCall) => Promise<Message>;
type Stream = (request: Message, call: HandlerCall) => AsyncIterable<Message | Uint8Array>;

const found: Unary = async () => create(GetModelResponseSchema, { model: { id: "found" } });
const nothing: Stream = () => (async function* () {})();

export interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** One listener for the tests of a file; each test begins with its own handlers and lines. */
export function serveHttp() {
  let listener: HttpListener;
  const served = {
    authenticate: (): typeof CALLER => CALLER,
    unary: found,
    stream: nothing,
    lines: [] as Record<string, unknown>[],
    get port(): number {
      return listener.address.port;
    },
    /** A call on a connection of its own, whose request is sent. */
    open(
      path: string,
      { method = "POST", headers = JSON_TYPE, body = BODY }: Asked = {},
    ): http.ClientRequest {
      const request = http.request({ port: served.port, path, method, headers, agent: false });
      request.on("error", () => {});
      request.end(method === "GET" ? undefined : body);
      return request;
    },
    /** A call and the whole of its answer. */
    async ask(path: string, asked: Asked = {}) {
      const [answer] = (await once(served.open(path, asked), "response")) as [http.IncomingMessage];
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece as Buffer);
      const { statusCode: status, headers } = answer;
      return { status, headers, body: Buffer.concat(pieces) };
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
        log: (line) => void served.lines.push(line as never),
      }),
      requestBytes: REQUEST_BYTES,
      clock: systemClock,
    });
    listener = await createHttpListener({
      address: { host: "127.0.0.1", port: 0 },
      tls: undefined,
      corsOrigins: [],
      requestBytes: REQUEST_BYTES,
      dispatcher,
      clock: systemClock,
      storeTrouble: () => undefined,
    });
  });

  afterAll(() => listener.close());

  beforeEach(() => {
    served.lines = [];
    served.authenticate = () => CALLER;
    served.unary = found;
    served.stream = nothing;
  });
  return served;
}
