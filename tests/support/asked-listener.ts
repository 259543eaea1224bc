// An HTTP listener over two methods whose handlers and caller a test sets, and a client that asks it.
import { once } from "node:events";
import http from "node:http";
import type { Message } from "@bufbuild/protobuf";
import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { ModelService } from "../../gen/service/steer/v1/model_service_pb.ts";
import type { HandlerCall } from "../../src/calls/handler-call.ts";
import { systemClock } from "../../src/clock.ts";
import type { Caller } from "../../src/domain/caller.ts";
import { createDispatcher } from "../../src/rpc/dispatcher.ts";
import { createHttpListener } from "../../src/rpc/http-listener.ts";
import type { Listener } from "../../src/rpc/listener.ts";
import { callsOf } from "./calls.ts";

export const JSON_TYPE = { "content-type": "application/json" };

const REQUEST_BYTES = 128 * 1024;

export interface AskedHandlers {
  /** GetModel. */
  unary(request: Message, call: HandlerCall): Promise<Message>;
  /** ResumeStream. */
  stream(request: Message, call: HandlerCall): AsyncIterable<Message | Uint8Array>;
  authenticate(): Caller;
  log(line: Record<string, unknown>): void;
}

/** The handlers are looked up at each call. */
export function createAskedListener(handlers: AskedHandlers): Promise<Listener> {
  const shared = { requestBytes: REQUEST_BYTES, clock: systemClock };
  const dispatcher = createDispatcher({
    ...shared,
    services: [
      {
        service: ModelService,
        handlers: {
          getModel: (request: Message, call: HandlerCall) => handlers.unary(request, call),
        },
      },
      {
        service: GenerationService,
        handlers: {
          resumeStream: (request: Message, call: HandlerCall) => handlers.stream(request, call),
        },
      },
    ],
    calls: callsOf("alice", {
      authenticate: () => handlers.authenticate(),
      log: (line) => handlers.log(line as never),
    }),
  });
  return createHttpListener({
    ...shared,
    address: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    corsOrigins: [],
    dispatcher,
    storeTrouble: () => undefined,
  });
}

export interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** One request of its own connection, and its whole answer. */
export async function ask(
  { address: { port } }: Listener,
  path: string,
  { method = "POST", headers = JSON_TYPE, body = '{"model":"m"}' }: Asked = {},
) {
  const request = http.request({ port, path, method, headers, agent: false });
  request.end(method === "GET" ? undefined : body);
  const [answer] = (await once(request, "response")) as [http.IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  const { statusCode: status, headers: received } = answer;
  return { status, headers: received, body: Buffer.concat(pieces) };
}
