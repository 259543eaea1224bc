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
  /** Largest inflated request of the method, in bytes. */
  readonly maxRequestBytes: (method: DescMethod) => number;
  /** Called for a request that reaches no handler. `method` undefined: the service has no such method. */
  readonly onUnserved: (
    request: Request,
    method: DescMethod | undefined,
    cause: "method-unknown" | "content-type" | "http-method",
  ) => void;
}

/**
 * HTTP statuses with which the library refuses a request before it reaches a handler. No code of Connect maps to
 * them.
 */
const UNSERVED: ReadonlyMap<number, "content-type" | "http-method"> = new Map([
  [415, "content-type"],
  [405, "http-method"],
]);

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/**
 * Node drops writes to a response whose socket is destroyed, without a callback. The library would wait for `drain`
 * for ever, and the handler would never learn that its reader is gone.
 */
function endWaitOfWrite(response: Response): void {
  response.once("close", () => void response.emit("drain"));
}

/**
 * Serves the routes. The library gets empty requests; the real ones are under `requestKey`. A call throws if the
 * host and path of the request are not a URL.
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
    handler(takeRequest(universal, request, options.maxRequestBytes(handler.method)))
      .then((answer) => {
        const cause = UNSERVED.get(answer.status);
        if (cause !== undefined) options.onUnserved(request, handler.method, cause);
        return universalResponseToNodeResponse(answer, response);
      })
      // An answer that cannot be written has no reader. The call is over and has its log line.
      .catch(() => void ("stream" in request ? request.stream.close() : request.destroy()));
  };
}
