import type { DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import type { HandlerCall } from "../calls/handler-call.ts";

type Handler<Method extends DescMethod> = Method["methodKind"] extends "server_streaming"
  ? (
      request: MessageShape<Method["input"]>,
      call: HandlerCall,
    ) => AsyncIterable<MessageShape<Method["output"]> | Uint8Array>
  : (
      request: MessageShape<Method["input"]>,
      call: HandlerCall,
    ) => Promise<MessageShape<Method["output"]>>;

/** One handler per method of a service, for all protocols. Streams can yield encoded messages. */
export type Handlers<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Handler<Service["method"][Name]>;
};

/** A service with its handlers, without the types of its messages. */
export interface ServedService {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, unknown>>;
}

export function serve<Service extends DescService>(
  service: Service,
  handlers: Handlers<Service>,
): ServedService {
  return { service, handlers };
}
