import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { GenerationFailed } from "../domain/generation.ts";
import type { JsonValue } from "../domain/json.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { type Caller, type Dispatcher, type IncomingCall, RpcStatusError } from "./call.ts";
import { createRequestDecoder } from "./decode-request.ts";
import { encodeError } from "./encode-error.ts";
import { codeName } from "./error-table.ts";
import type { HandlerCall, ServedService } from "./handlers.ts";
import { StreamFailed } from "./stream-failure.ts";

export interface DispatcherDependencies {
  readonly services: readonly ServedService[];
  /** Throws UNAUTHENTICATED. */
  readonly authenticate: (call: IncomingCall) => Caller;
  /** Throws PERMISSION_DENIED. */
  readonly authorize: (caller: Caller, method: DescMethod) => void;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** One line per call, and one per defect. */
  readonly log: (line: Readonly<Record<string, JsonValue>>) => void;
  readonly replica: string;
  /** Ends the generations that run, with this error. */
  readonly endGenerations: (error: GatewayError) => Promise<void>;
}

type UnaryHandler = (request: Message, call: HandlerCall) => Promise<Message>;
type StreamHandler = (request: Message, call: HandlerCall) => AsyncIterable<Message | Uint8Array>;

/** What a call adds to its log line. */
type LogFields = Record<string, JsonValue>;

/** One call from admission to its log line. */
interface RunningCall {
  readonly handlerCall: HandlerCall;
  readonly request: Message;
  finish(error: unknown): RpcStatusError | undefined;
}

export function createDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { clock, telemetry, log, services } = dependencies;
  const handlers = new Map<DescMethod, unknown>();
  for (const { service, handlers: own } of services) {
    for (const method of service.methods) handlers.set(method, own[method.localName]);
  }
  const decode = createRequestDecoder([...handlers.keys()].map((method) => method.input));
  let active = 0;
  let draining = false;
  let whenIdle: (() => void)[] = [];

  function leave(): void {
    active--;
    if (active > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  /** Everything that can refuse a call before its request is looked at. Throws `GatewayError`. */
  function admit(call: IncomingCall, fields: LogFields): Caller {
    if (draining) {
      const message = "this replica is draining; call again to reach another one";
      throw new GatewayError("gateway-overloaded", message, { reason: "DRAINING" });
    }
    const caller = dependencies.authenticate(call);
    fields["caller"] = caller.id;
    dependencies.authorize(caller, call.method);
    return caller;
  }

  /** A call that counts from now until `finish`, which reports it. */
  function open(call: IncomingCall, fields: LogFields) {
    const method = `${call.method.parent.typeName}/${call.method.name}`;
    const span = telemetry.startCall({ system: call.system, method, header: call.header });
    const startedAt = clock.now();
    active++;

    function finish(error: unknown): RpcStatusError | undefined {
      leave();
      const status = error === undefined ? undefined : encodeError(error);
      const code = codeName(status?.code ?? 0);
      const cause = causeOf(error);
      const reason = cause instanceof GatewayError ? cause.kind : undefined;
      span.end({ code, reason });
      log({
        event: "call",
        method,
        system: call.system,
        code,
        ...(reason !== undefined && { error: reason }),
        duration_ms: Math.round(clock.now() - startedAt),
        ...fields,
      });
      if (status === undefined) return undefined;
      // A provider that breaks its protocol is INTERNAL as well, and no defect of ours.
      if (reason === undefined || reason === "internal") {
        log({ event: "defect", method, ...describeDefect(cause) });
      }
      return new RpcStatusError(status, error);
    }

    return { span, finish };
  }

  /** Admits a call and decodes its request. Throws `RpcStatusError`. */
  function begin(call: IncomingCall, request: Uint8Array | Message): RunningCall {
    const fields: LogFields = {};
    const { span, finish } = open(call, fields);
    try {
      const caller = admit(call, fields);
      const decoded = decode(call.method.input, request);
      call.setResponseHeader("x-steer-replica", dependencies.replica);
      const requestId = call.header("x-request-id");
      if (requestId !== undefined) call.setResponseHeader("x-request-id", requestId);
      const { signal, timeoutMs, header, setResponseHeader, setTrailer } = call;
      return {
        request: decoded,
        finish,
        handlerCall: {
          caller,
          signal,
          timeoutMs,
          telemetry: span,
          header,
          setResponseHeader,
          setTrailer,
          log: (more) => void Object.assign(fields, more),
        },
      };
    } catch (error) {
      throw finish(error);
    }
  }

  return {
    services: services.map(({ service }) => service),

    admit(call) {
      const fields: LogFields = {};
      try {
        admit(call, fields);
      } catch (error) {
        throw open(call, fields).finish(error);
      }
    },

    async unary(call, request) {
      const running = begin(call, request);
      const handler = handlers.get(call.method) as UnaryHandler;
      try {
        const response = await handler(running.request, running.handlerCall);
        running.finish(undefined);
        return response;
      } catch (error) {
        throw running.finish(error);
      }
    },

    async *serverStream(call, request) {
      const running = begin(call, request);
      const handler = handlers.get(call.method) as StreamHandler;
      let ended = false;
      try {
        yield* handler(running.request, running.handlerCall);
        ended = true;
        running.finish(undefined);
      } catch (error) {
        ended = true;
        throw running.finish(error);
      } finally {
        // The listener has left the loop: its caller is gone.
        if (!ended) running.finish(new GatewayError("cancelled", "the caller left the stream"));
      }
    },

    get activeCalls() {
      return active;
    },

    startDraining() {
      draining = true;
    },

    endCalls() {
      return dependencies.endGenerations(
        new GatewayError("owner-lost", "this replica shuts down and the stream cannot go on"),
      );
    },

    idle() {
      if (active === 0) return Promise.resolve();
      return new Promise((resolve) => whenIdle.push(resolve));
    },
  };
}

function causeOf(error: unknown): unknown {
  if (error instanceof GenerationFailed) return error.failure.error;
  return error instanceof StreamFailed ? error.error : error;
}

/** What a defect's own log line says: its class and where it came from, never its message. */
function describeDefect(error: unknown): Readonly<Record<string, JsonValue>> {
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(root instanceof Error)) return { error: typeof root };
  const frames = (root.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  return { error: root.name, stack: frames.slice(0, 8).map((frame) => frame.trim()) };
}
