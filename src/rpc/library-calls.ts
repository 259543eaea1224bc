// Calls that the HTTP library serves: operators' methods, messages in addresses, and whatever is refused for its form.
import {
  type DescMethod,
  fromBinary,
  type JsonWriteOptions,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import type { Dispatcher, EncodedRequest } from "./call.ts";
import { MIN_COMPRESS_BYTES } from "./connect/rpc-answer.ts";
import type { FloodGuard } from "./flood-guard.ts";
import { admitCall, arrivalOf, callValues, toIncomingCall } from "./http-call.ts";
import { type ConnectHandlerOptions, createConnectHandler } from "./requests/connect-handler.ts";
import { requestKey } from "./requests/taken-request.ts";
import { toConnectError } from "./to-connect-error.ts";

export interface LibraryCallsOptions
  extends Pick<ConnectHandlerOptions, "maxRequestBytes" | "onUnserved"> {
  readonly dispatcher: Dispatcher;
  readonly floods: FloodGuard;
  /** Types of messages in `Any`. */
  readonly registry: Registry;
}

/**
 * The error that ends a call. After its deadline the library reports the error: a stream may continue, and a caller
 * that gets CANCELLED would not resume it.
 */
function toEnd(error: unknown, { signal }: HandlerContext): ConnectError {
  const end = toConnectError(error);
  const { reason } = signal;
  const isLate = reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
  return isLate && end.code === Code.Canceled ? reason : end;
}

/** Proxies buffer answers that look like pages; these headers prevent it. */
function forbidBuffering(headers: Headers): void {
  headers.set("cache-control", "no-cache, no-transform");
  headers.set("x-accel-buffering", "no");
}

function isJson({ requestHeader }: HandlerContext): boolean {
  return requestHeader.get("content-type")?.includes("json") === true;
}

/** The result must not be kept: its bytes would stay for as long as the call lasts. */
function requestOf(context: HandlerContext): Promise<EncodedRequest> {
  return context.values.get(requestKey)(arrivalOf(context));
}

function addRoutes(
  router: ConnectRouter,
  dispatcher: Dispatcher,
  json: Partial<JsonWriteOptions>,
): void {
  async function unary(method: DescMethod, context: HandlerContext) {
    try {
      return await requestOf(context).then((request) =>
        dispatcher.unary(toIncomingCall(method, context), request, (response) => {
          // The library encodes after the call's log line is written, so encoding errors are found here. JSON alone
          // does not check ranges.
          toBinary(method.output, response);
          if (isJson(context)) toJson(method.output, response, json);
          return response;
        }),
      );
    } catch (error) {
      throw toEnd(error, context);
    }
  }
  async function* stream(method: DescMethod, context: HandlerContext) {
    forbidBuffering(context.responseHeader);
    try {
      const messages = await requestOf(context).then((request) =>
        dispatcher.serverStream(toIncomingCall(method, context), request),
      );
      // `yield*` would pass a failed write on as if the handler had thrown it.
      for await (const message of messages) {
        // The library accepts no encoded messages.
        yield message instanceof Uint8Array ? fromBinary(method.output, message) : message;
      }
    } catch (error) {
      throw toEnd(error, context);
    }
  }
  for (const service of dispatcher.services) {
    const implementation = service.methods.map((method) => {
      const serve = method.methodKind === "server_streaming" ? stream : unary;
      return [
        method.localName,
        // The library passes an empty request; the real one is in the context.
        (_: unknown, context: HandlerContext) => serve(method, context),
      ];
    });
    router.service(service, Object.fromEntries(implementation));
  }
}

/** A call throws if the host and path of the request are not a URL. */
export function createLibraryCalls(options: LibraryCallsOptions) {
  const { dispatcher, floods, registry, maxRequestBytes, onUnserved } = options;
  return createConnectHandler({
    routes: (router) => addRoutes(router, dispatcher, { registry }),
    grpc: false,
    maxRequestBytes,
    jsonOptions: { registry },
    compressMinBytes: MIN_COMPRESS_BYTES,
    requestGate: (context) =>
      admitCall(context, dispatcher, floods).catch((error: unknown) => {
        throw toConnectError(error);
      }),
    contextValues: callValues,
    onUnserved,
  });
}
