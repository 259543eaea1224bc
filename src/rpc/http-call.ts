import type { IncomingMessage } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { CallHead } from "../calls/call.ts";
import { type Arrival, type Dispatcher, type IncomingCall, RpcStatusError } from "./call.ts";
import { CALLER_GONE } from "./caller-gone.ts";
import type { FloodGuard } from "./flood-guard.ts";
import { operationOf } from "./operation-of.ts";
import { type Connection, peerOf } from "./peer.ts";

export type HttpRequest = IncomingMessage | Http2ServerRequest;

const connectionKey = createContextKey<Connection | undefined>(undefined);
const hostsKey = createContextKey<readonly string[]>([]);
const arrivalKey = createContextKey<Arrival | undefined>(undefined);

export function hostsOf({ headers }: HttpRequest): readonly string[] {
  return [headers[":authority"], headers.host].flat().filter((host) => host !== undefined);
}

/** Undefined: the connection is lost. */
export function connectionOf(request: HttpRequest): Connection | undefined {
  return "stream" in request ? request.stream.session : request.socket;
}

function headOf(context: HandlerContext, connection: Connection): CallHead {
  return {
    operation: operationOf(context.method),
    system: "connectrpc",
    peer: peerOf(connection),
    hosts: context.values.get(hostsKey),
    header: (name) => context.requestHeader.get(name) ?? undefined,
    headerNames: () => context.requestHeader.keys(),
  };
}

/** Identifies the caller, for `arrivalOf`. Rejects with `RpcStatusError`. */
export async function admitCall(
  context: HandlerContext,
  dispatcher: Dispatcher,
  floods: FloodGuard,
): Promise<void> {
  const connection = context.values.get(connectionKey);
  if (connection === undefined) throw new Error("a call without a connection");
  const head = headOf(context, connection);
  const arrival = await dispatcher.admit(head, connection).catch((error: unknown) => {
    if (error instanceof RpcStatusError)
      floods.refused(connection, error.status, context.requestHeader);
    throw error;
  });
  context.values.set(arrivalKey, arrival);
  // Also runs if the library refuses the call and calls no handler.
  const leave = (): void => {
    arrival.end();
    arrival.drop();
  };
  if (context.signal.aborted) leave();
  else context.signal.addEventListener("abort", leave);
}

/** The request of a call that passed `admitCall`. */
export function arrivalOf(context: HandlerContext): Arrival {
  const arrival = context.values.get(arrivalKey);
  if (arrival === undefined) throw new Error("the call was not admitted");
  return arrival;
}

/** The call for the dispatcher. */
export function toIncomingCall(method: DescMethod, context: HandlerContext): IncomingCall {
  const controller = new AbortController();
  const forward = (): void => controller.abort(CALLER_GONE);
  if (context.signal.aborted) forward();
  else context.signal.addEventListener("abort", forward);
  const arrival = arrivalOf(context);
  return {
    method,
    operation: operationOf(method),
    system: "connectrpc",
    caller: arrival.caller,
    arrival,
    header: (name) => context.requestHeader.get(name) ?? undefined,
    timeoutMs: context.timeoutMs(),
    signal: controller.signal,
    abort: (error) => controller.abort(error),
    setResponseHeader: (name, value) => context.responseHeader.set(name, value),
    setTrailer: (name, value) => context.responseTrailer.set(name, value),
  };
}

/** Context values with the facts about a request that the library does not pass on, for `admitCall`. */
export function callValues(request: HttpRequest): ContextValues {
  return createContextValues()
    .set(connectionKey, connectionOf(request))
    .set(hostsKey, hostsOf(request));
}

/** A client that keeps sending a request after its answer would keep its stream and the unread bytes alive. */
export function endWithAnswer({ stream }: Http2ServerResponse): void {
  const end = (): void => {
    if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  stream.once("finish", () => {
    // A reset would overtake the end of the answer.
    if (!stream.readableEnded && stream.session?.destroyed === false) stream.session.ping(end);
  });
}
