// Serves doors on an HTTP listener: with the chain, the bounds and the log lines of all calls, and answers in the
// door's dialect.
import type { ServerResponse } from "node:http";
import type { Call, CallHead } from "../calls/call.ts";
import { CallChain } from "../calls/call-chain.ts";
import { headerFields } from "../calls/call-fields.ts";
import type { Calls } from "../calls/calls.ts";
import { internalError } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { JsonObject } from "../domain/json.ts";
import { PushIterable } from "../domain/push-iterable.ts";
import { ToldFailure } from "../domain/told-failure.ts";
import { type Arrival, type Dispatcher, RpcStatusError } from "../rpc/call.ts";
import { CALLER_GONE } from "../rpc/caller-gone.ts";
import { connectionOf, type HttpRequest, hostsOf } from "../rpc/http-call.ts";
import { peerOf } from "../rpc/peer.ts";
import type { Door, DoorAnswer, DoorRoute } from "./door.ts";
import { DoorResponse } from "./door-response.ts";
import { DoorRoutes, type FoundRoute } from "./door-routes.ts";
import { parseBody, readBody } from "./read-body.ts";

/** The error that ends a call. The door encodes it in its dialect. */
class DoorFailure extends Error {
  override readonly name = "DoorFailure";
  readonly error: GatewayError;

  constructor(error: GatewayError, cause: unknown) {
    super(error.message, { cause });
    this.error = error;
  }
}

function toFailure(thrown: unknown): DoorFailure {
  if (thrown instanceof GatewayError) return new DoorFailure(thrown, thrown);
  if (thrown instanceof ToldFailure) return new DoorFailure(thrown.error, thrown);
  if (thrown instanceof RpcStatusError) {
    // Errors of the request bounds are statuses of RPCs.
    const error = new GatewayError("validation", thrown.message, { reason: "REQUEST_TOO_LARGE" });
    return new DoorFailure(error, thrown);
  }
  return new DoorFailure(internalError(thrown), thrown);
}

export interface DoorHostOptions {
  readonly doors: readonly Door[];
  readonly calls: Calls;
  readonly dispatcher: Pick<Dispatcher, "arrive">;
  /** Most bytes of a request after decompression. */
  readonly requestBytes: number;
  /** A name for a call that has none. */
  readonly newRequestId: () => string;
}

const NOTHING = Buffer.alloc(0);

/** Log line of a call without a route. It leaves out the path, which can contain anything. */
const PATH_UNKNOWN = {
  system: "http",
  code: "NOT_FOUND",
  error: "not-found",
  reason: "PATH_UNKNOWN",
  duration_ms: 0,
} as const;

/** A call at a door. */
interface Served {
  readonly found: FoundRoute & { readonly route: DoorRoute };
  readonly head: CallHead;
  readonly request: HttpRequest;
  readonly response: DoorResponse;
  readonly requestId: string;
}

export class DoorHost {
  readonly #options: DoorHostOptions;
  readonly #routes: DoorRoutes;
  readonly #chain: CallChain<DoorFailure>;

  constructor(options: DoorHostOptions) {
    this.#options = options;
    this.#routes = new DoorRoutes(options.doors);
    this.#chain = new CallChain({ ...options.calls, toRefusal: toFailure });
  }

  /** False: the path belongs to no door. */
  handle(request: HttpRequest, raw: ServerResponse): boolean {
    const requestId = nameOf(request) ?? this.#options.newRequestId();
    const header = headerOf(request, requestId);
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const found = this.#routes.find(request.method ?? "", path, header);
    if (found === undefined) return false;
    const response = new DoorResponse(raw, request.method === "HEAD");
    for (const name of REQUEST_ID_HEADERS) response.setHeader(name, requestId);
    const { door, route, params } = found;
    if (isUpgrade(request) || route === undefined) {
      response.refuse(
        isUpgrade(request)
          ? { ...door.refuse(noWebSocket(), requestId), ...UPGRADE_REQUIRED }
          : door.refuse(unknownPath(door, request), requestId),
      );
      this.#options.calls.lines.refused({ ...PATH_UNKNOWN, ...headerFields({ header }) });
      return true;
    }
    const connection = connectionOf(request);
    if (connection === undefined) return true;
    const { operation } = route;
    const head: CallHead = {
      operation,
      system: "http",
      peer: peerOf(connection),
      hosts: hostsOf(request),
      header,
      headerNames: () => Object.keys(request.headers),
    };
    const served = { found: { door, route, params }, head, request, response, requestId };
    void this.#serve(served, connection, new URLSearchParams(query)).catch((error: unknown) => {
      this.#options.calls.log({ event: "defect", error: internalError(error).message });
      response.cut();
    });
    return true;
  }

  async #serve(served: Served, connection: object, query: URLSearchParams): Promise<void> {
    const { found, head, response, requestId } = served;
    let answer: DoorAnswer | undefined;
    try {
      const identified = this.#chain.identify(head);
      const arrival = await this.#options.dispatcher.arrive(identified, connection);
      let bytes = await this.#read(served, arrival).catch((error: unknown) => {
        throw arrival.error ?? identified.refuse(error);
      });
      const running = this.#chain.begin(this.#callOf(served, arrival));
      const pieces = running.serverStream(async (call) => {
        const body = await parseBody(bytes).finally(() => arrival.drop());
        // Otherwise the bytes would stay in memory as long as the call.
        bytes = NOTHING;
        running.throwIfEnded();
        answer = await found.route.serve({ ...call, params: found.params, query, requestId }, body);
        return answer.type === "json" ? whole(answer.body) : answer.pieces;
      });
      await response.send(pieces, () => answer?.type ?? "json");
    } catch (thrown) {
      const { error } = thrown instanceof DoorFailure ? thrown : toFailure(thrown);
      if (!response.isBegun) response.refuse(found.door.refuse(error, requestId));
      else if (answer?.type === "events") response.endWith(answer.fail(error));
      else response.cut();
    }
  }

  async #read({ found, head, request }: Served, arrival: Arrival<DoorFailure>): Promise<Buffer> {
    try {
      if (found.route.method !== "POST") return NOTHING;
      const maxBytes = this.#options.requestBytes;
      return await readBody({ body: request, header: head.header, maxBytes, arrival });
    } finally {
      arrival.end();
    }
  }

  #callOf({ head, response }: Served, arrival: Arrival<Error>): Call {
    const controller = new AbortController();
    response.whenGone(() => controller.abort(CALLER_GONE));
    return {
      operation: head.operation,
      system: head.system,
      header: head.header,
      caller: arrival.caller,
      timeoutMs: undefined,
      signal: controller.signal,
      abort: (error) => controller.abort(error),
      setResponseHeader: (name, value) => response.setHeader(name, value),
      // A unary answer has its trailers as headers. A stream has none.
      setTrailer: (name, value) => response.setHeader(name, value),
    };
  }
}

function whole(body: JsonObject): AsyncIterable<string> {
  return new PushIterable(async (take) => take(JSON.stringify(body)));
}

/** The vendors' clients look for one of these. */
const REQUEST_ID_HEADERS = ["x-request-id", "request-id"] as const;
const [REQUEST_ID] = REQUEST_ID_HEADERS;

/** Longest name of a call that its answer repeats. */
const REQUEST_NAME = /^[!-~]{1,256}$/;

/** The value of a header, which Node gives as a list if it can come more than once. */
function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value[0] : value;
}

/** Undefined: the caller has given no name that an answer can repeat. */
function nameOf({ headers }: HttpRequest): string | undefined {
  const given = firstOf(headers[REQUEST_ID]);
  return given !== undefined && REQUEST_NAME.test(given) ? given : undefined;
}

/** The headers of a call, which has a name in any case. */
function headerOf({ headers }: HttpRequest, requestId: string) {
  return (name: string): string | undefined =>
    firstOf(headers[name]) ?? (name === REQUEST_ID ? requestId : undefined);
}

/** Some clients try a WebSocket first, and come by POST when it is refused. */
function isUpgrade({ headers }: HttpRequest): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

const UPGRADE_REQUIRED = {
  status: 426,
  headers: { upgrade: "HTTP/1.1", connection: "upgrade" },
} as const;

function noWebSocket(): GatewayError {
  const message = "WebSockets are not served: send each request by POST";
  return new GatewayError("validation", message);
}

function unknownPath(door: Door, { method }: HttpRequest): GatewayError {
  const paths = door.routes.map((route) => `${route.method} ${route.path}`).join(", ");
  const message = `this path is not served by ${method}; served are: ${paths}`;
  return new GatewayError("not-found", message, { reason: "PATH_UNKNOWN" });
}
