// What a door is: a vendor's HTTP API in front of the gateway.
import type { HandlerCall } from "../calls/handler-call.ts";
import type { Operation } from "../calls/operation.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { JsonObject } from "../domain/json.ts";

/** A call of a path whose request is whole and decoded. */
export interface DoorCall extends HandlerCall {
  /** Segments of the path that a route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By which the answer and its errors are named: the caller's, or one that was made. */
  readonly requestId: string;
}

/** An answer as it goes out. Headers are those that the call was given before the first piece. */
export type DoorAnswer =
  | { readonly type: "json"; readonly body: JsonObject }
  | {
      readonly type: "events";
      /** Texts of whole server-sent events. The first one commits the status 200. Throws `GatewayError`. */
      readonly pieces: AsyncIterable<string>;
      /** How a stream ends that has begun and fails: events that say so in the dialect. */
      readonly fail: (error: GatewayError) => string;
    };

/** One operation of a vendor's API. */
export interface DoorRoute {
  readonly method: "GET" | "POST" | "DELETE";
  /** Such as `/v1/models/{id}`: a name in braces stands for one segment. */
  readonly path: string;
  readonly operation: Operation;
  /**
   * `body` is empty for a request without one, and is not to be kept: a call can last for hours. Rejects with
   * `GatewayError`.
   */
  readonly serve: (call: DoorCall, body: JsonObject) => Promise<DoorAnswer>;
}

/** How a dialect refuses a call. */
export interface DoorRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** A vendor's API. */
export interface Door {
  /** First segment of the addresses that name the door: `/openai/v1/…`. */
  readonly name: string;
  readonly routes: readonly DoorRoute[];
  /** Whether a call of a path that several doors have is of this one. */
  readonly isMeant: (header: (name: string) => string | undefined) => boolean;
  readonly refuse: (error: GatewayError, requestId: string) => DoorRefusal;
}
