import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { takeRequest } from "./taken-request.ts";

export interface ConnectHandlerOptions extends ConnectRouterOptions {
  readonly routes: (router: ConnectRouter) => void;
  readonly contextValues: (request: IncomingMessage | Http2ServerRequest) => ContextValues;
  /** Most bytes of a request of the method, inflated. */
  readonly maxRequestBytes: (method: DescMethod) => number;
  /** Is told of a call that no handler is asked for; undefined: the service has no such method. */
  readonly onUnserved: (
    request: Request,
    method: DescMethod | undefined,
    cause: "method-unknown" | "content-type" | "http-method",
  ) => void;
}

/** Statuses of HTTP by which the library answers before it asks anybody. No code of Connect has one of them. */
const UNSERVED: ReadonlyMap<number, "content-type" | "http-method"> = new Map([
  [415, "content-type"],
  [405, "http-method"],
]);

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/**
 * Node drops what is written to a response whose socket is destroyed, and calls nobody back. The library would
 * wait for `drain` for ever, and the handler would never hear that its reader is gone.
 */
function endWaitOfWrite(response: Response): void {
  response.once("close", () => void response.emit("drain"));
}

/**
 * Serves the routes; their requests are empty, and the real ones are under `requestKey`. A call throws if the
 * host and the path of the request are no address.
 */
export function createConnectHandler(options: ConnectHandlerOptions) {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    ...options,
  });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request: Request, response: Response): void => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      options.onUnserved(request, undefined, "method-unknown");
      response.statusCode = 404;
      response.end();
      return;
    }
    const values = options.contextValues(request);
    const universal = universalRequestFromNodeRequest(request, response, undefined, values);
    endWaitOfWrite(response);
    handler(takeRequest(universal, options.maxRequestBytes(handler.method)))
      .then((answer) => {
        const cause = UNSERVED.get(answer.status);
        if (cause !== undefined) options.onUnserved(request, handler.method, cause);
        return universalResponseToNodeResponse(answer, response);
      })
      // What cannot be written has no reader: the call is over, and its line is in the log.
      .catch(() => void ("stream" in request ? request.stream.close() : request.destroy()));
  };
}
