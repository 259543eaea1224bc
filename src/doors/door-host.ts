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
    const header = headerOf(request);
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const found = this.#routes.find(request.method ?? "", path, header);
    if (found === undefined) return false;
    const response = new DoorResponse(raw, request.method === "HEAD");
    const { door, route, params } = found;
    if (route === undefined) {
      response.refuse(door.refuse(unknownPath(door, request)));
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
    const served = { found: { door, route, params }, head, request, response };
    void this.#serve(served, connection, new URLSearchParams(query)).catch((error: unknown) => {
      this.#options.calls.log({ event: "defect", error: internalError(error).message });
      response.cut();
    });
    return true;
  }

  async #serve(served: Served, connection: object, query: URLSearchParams): Promise<void> {
    const { found, head, response } = served;
    let answer: DoorAnswer | undefined;
    try {
      const { caller, refuse } = this.#chain.admit(head);
      const arrival = await this.#options.dispatcher.arrive(caller, connection, refuse);
      let bytes = await this.#read(served, arrival).catch((error: unknown) => {
        throw arrival.error ?? refuse(error);
      });
      const running = this.#chain.begin(this.#callOf(served, arrival));
      const pieces = running.serverStream(async (call) => {
        const body = await parseBody(bytes).finally(() => arrival.drop());
        // Otherwise the bytes would stay in memory as long as the call.
        bytes = NOTHING;
        running.throwIfEnded();
        answer = await found.route.serve({ ...call, params: found.params, query }, body);
        return answer.type === "json" ? whole(answer.body) : answer.pieces;
      });
      await response.send(pieces, () => answer?.type ?? "json");
    } catch (thrown) {
      const { error } = thrown instanceof DoorFailure ? thrown : toFailure(thrown);
      if (!response.isBegun) response.refuse(found.door.refuse(error));
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

async function* whole(body: JsonObject): AsyncGenerator<string, void> {
  yield JSON.stringify(body);
}

function headerOf({ headers }: HttpRequest) {
  return (name: string): string | undefined => [headers[name]].flat()[0];
}

function unknownPath(door: Door, { method }: HttpRequest): GatewayError {
  const paths = door.routes.map((route) => `${route.method} ${route.path}`).join(", ");
  const message = `this path is not served by ${method}; served are: ${paths}`;
  return new GatewayError("not-found", message, { reason: "PATH_UNKNOWN" });
}
