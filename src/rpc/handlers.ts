import type { DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Generation } from "../domain/generation.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Caller } from "./call.ts";
import type { CallFields } from "./call-line.ts";

/** A generation that has ended, well or with an error. */
export interface EndedGeneration {
  readonly generation: Generation;
  readonly error: GatewayError | undefined;
}

/** What a handler knows of its call: the caller is known and the request has been validated. */
export interface HandlerCall {
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly telemetry: CallTelemetry;
  header(name: string): string | undefined;
  setResponseHeader(name: string, value: string): void;
  setTrailer(name: string, value: string): void;
  /** Adds fields to the call's log line: identifiers, counts and durations, never content. */
  log(fields: CallFields): void;
  /** What the call has begun has ended: it gets a line of its own if the call has ended before it. */
  generationEnded(ended: EndedGeneration): void;
}

type Handler<Method extends DescMethod> = Method["methodKind"] extends "server_streaming"
  ? (
      request: MessageShape<Method["input"]>,
      call: HandlerCall,
    ) => AsyncIterable<MessageShape<Method["output"]> | Uint8Array>
  : (
      request: MessageShape<Method["input"]>,
      call: HandlerCall,
    ) => Promise<MessageShape<Method["output"]>>;

/** One handler per method of a service, written once for all protocols. Streams can hand on encoded messages. */
export type Handlers<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Handler<Service["method"][Name]>;
};

/** A service with its handlers, the types of its messages forgotten. */
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
