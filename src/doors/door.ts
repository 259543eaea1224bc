// The interface of a door: a vendor's HTTP API in front of the gateway.
import type { HandlerCall } from "../calls/handler-call.ts";
import type { Operation } from "../calls/operation.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { JsonObject } from "../domain/json.ts";

/** A call with a complete, decoded request. */
export interface DoorCall extends HandlerCall {
  /** Path segments that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** An answer. Its headers are those that were set before the first piece. */
export type DoorAnswer =
  | { readonly type: "json"; readonly body: JsonObject }
  | {
      readonly type: "events";
      /** Texts of complete server-sent events. The first one commits the status 200. Throws `GatewayError`. */
      readonly pieces: AsyncIterable<string>;
      /** Encodes the error of a started stream as events of the dialect. */
      readonly fail: (error: GatewayError) => string;
    };

/** One operation of a vendor's API. */
export interface DoorRoute {
  readonly method: "GET" | "POST" | "DELETE";
  /** For example `/v1/models/{id}`. A name in braces matches one segment. */
  readonly path: string;
  readonly operation: Operation;
  /**
   * `body` is empty if the request has none. It must not be kept, because a call can last for hours. Rejects with
   * `GatewayError`.
   */
  readonly serve: (call: DoorCall, body: JsonObject) => Promise<DoorAnswer>;
}

/** A refusal of a call in a dialect. */
export interface DoorRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** A vendor's API. */
export interface Door {
  /** First segment of the paths that name the door: `/openai/v1/…`. */
  readonly name: string;
  readonly routes: readonly DoorRoute[];
  /** Whether a call belongs to this door if several doors have its path. */
  readonly isMeant: (header: (name: string) => string | undefined) => boolean;
  readonly refuse: (error: GatewayError) => DoorRefusal;
}
