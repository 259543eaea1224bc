import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Clock } from "../clock.ts";
import { describeDefect, internalError, isDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { GenerationFailed } from "../domain/generation.ts";
import type { LineFields, Log } from "../domain/log-line.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import {
  type Arrival,
  type Caller,
  type CallHead,
  type Dispatcher,
  type EncodedRequest,
  type IncomingCall,
  RpcStatusError,
} from "./call.ts";
import {
  type CallFields,
  callFields,
  failureFields,
  headerFields,
  requestFields,
} from "./call-line.ts";
import { checkRequestId } from "./check-request-id.ts";
import { encodeError } from "./encode-error.ts";
import { codeName } from "./error-table.ts";
import type { HandlerCall, ServedService } from "./handlers.ts";
import { RefusedCalls } from "./refused-calls.ts";
import { generationLine } from "./report-generation.ts";
import { ArrivingRequests, NOBODY } from "./requests/arriving-requests.ts";
import { RequestDecoder } from "./requests/request-decoder.ts";
import { StartTurns } from "./requests/start-turns.ts";
import { StreamFailed } from "./stream-failure.ts";

export interface DispatcherDependencies {
  readonly services: readonly ServedService[];
  /** Throws PERMISSION_DENIED for a page from elsewhere. */
  readonly checkOrigin: (head: CallHead) => void;
  /** Throws UNAUTHENTICATED, and PERMISSION_DENIED for a name that is not this machine's. */
  readonly authenticate: (head: CallHead) => Caller;
  /** Throws PERMISSION_DENIED. */
  readonly authorize: (caller: Caller, method: DescMethod) => void;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Most bytes of a request. */
  readonly requestBytes: number;
  /** One line per call, and one per defect. */
  readonly log: Log;
  readonly replica: string;
  /** Of the service. */
  readonly version: string;
  /** Ends the generations that run, with this error. */
  readonly endGenerations: (error: GatewayError) => Promise<void>;
}

type UnaryHandler = (request: Message, call: HandlerCall) => Promise<Message>;
type StreamHandler = (request: Message, call: HandlerCall) => AsyncIterable<Message | Uint8Array>;

/** One call from admission to its log line. */
interface RunningCall {
  readonly handlerCall: HandlerCall;
  readonly fields: CallFields;
  /** What the service ended it with; undefined: nothing. */
  ended: GatewayError | undefined;
  abort(error: GatewayError): void;
  finish(error: unknown): RpcStatusError | undefined;
}

/** A call whose request is being decoded. */
interface StartedCall {
  readonly running: RunningCall;
  readonly decoded: Promise<Message>;
}

export function createDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { clock, telemetry, log, services } = dependencies;
  const handlers = new Map<DescMethod, unknown>();
  for (const { service, handlers: own } of services) {
    for (const method of service.methods) handlers.set(method, own[method.localName]);
  }
  const decoder = new RequestDecoder([...handlers.keys()].map((method) => method.input));
  const refused = new RefusedCalls(clock, log);
  const arriving = new ArrivingRequests(clock, dependencies.requestBytes);
  const starts = new StartTurns();
  const admitted = new Set<RunningCall>();
  let active = 0;
  let draining = false;
  let whenIdle: (() => void)[] = [];

  function leave(): void {
    active--;
    if (active > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  function refuseDraining(): void {
    if (!draining) return;
    const message = "this replica is draining; call again to reach another one";
    throw new GatewayError("gateway-overloaded", message, { reason: "DRAINING" });
  }

  /** Everything that can refuse a call before its request is looked at. Throws `GatewayError`. */
  function admit(head: CallHead, fields: CallFields): Caller {
    refuseDraining();
    dependencies.checkOrigin(head);
    const caller = dependencies.authenticate(head);
    fields["caller"] = caller.id;
    dependencies.authorize(caller, head.method);
    checkRequestId(head);
    return caller;
  }

  /** The line of a call that has ended. What has cost nothing and can come in floods has no line each. */
  function writeLine(line: LineFields<"call">): void {
    const isRefused = line.error !== undefined && line.generation_id === undefined;
    if (isRefused && line.error !== "cancelled") refused.write(line);
    else log({ event: "call", ...line });
  }

  /** A call that counts from now until `finish`, which reports it. */
  function open(call: Pick<CallHead, "method" | "system" | "header">, fields: CallFields) {
    const method = `${call.method.parent.typeName}/${call.method.name}`;
    const span = telemetry.startCall({ system: call.system, method, header: call.header });
    const { traceId } = span;
    if (traceId !== undefined) fields.trace_id = traceId;
    Object.assign(fields, headerFields(call));
    const startedAt = clock.now();
    active++;

    /** Ends the call. A defect of telemetry changes nothing of its end. */
    function finish(thrown: unknown): RpcStatusError | undefined {
      leave();
      const { error, status } = statusOf(thrown);
      const code = codeName(status?.code ?? 0);
      const cause = causeOf(error);
      const reason = cause instanceof GatewayError ? cause.kind : undefined;
      try {
        span.end({ code, reason });
      } catch (defect) {
        log({ event: "defect", method, ...describeDefect(defect) });
      }
      writeLine({
        method,
        system: call.system,
        code,
        ...(status !== undefined && failureFields(cause)),
        duration_ms: Math.round(clock.now() - startedAt),
        ...fields,
      });
      if (status === undefined) return undefined;
      // A provider that breaks its protocol is INTERNAL as well, and no defect of ours. A generation
      // has told of its own.
      if (
        isDefect(error) &&
        !(error instanceof GenerationFailed || error instanceof StreamFailed)
      ) {
        log({ event: "defect", method, ...describeDefect(error) });
      }
      return new RpcStatusError(status, error);
    }

    return { span, finish };
  }

  /** Reports a call that ends before its request is whole. */
  function refuse(head: CallHead, fields: CallFields, error: unknown): RpcStatusError {
    const refusal = open(head, fields).finish(error);
    return refusal ?? new RpcStatusError(encodeError(error), error);
  }

  /** Begins a call whose request is whole. Throws `RpcStatusError`. */
  function begin(call: IncomingCall): RunningCall {
    const { arrival } = call;
    // It has its line in the log.
    if (arrival.error !== undefined) throw arrival.error;
    arrival.end();
    const { caller } = arrival;
    const fields: CallFields = { caller: caller.id };
    const { span, finish } = open(call, fields);
    try {
      refuseDraining();
      call.setResponseHeader("x-steer-replica", dependencies.replica);
      call.setResponseHeader("x-steer-version", dependencies.version);
      const requestId = call.header("x-request-id");
      if (requestId !== undefined) call.setResponseHeader("x-request-id", requestId);
      const { signal, timeoutMs, header, setResponseHeader, setTrailer } = call;
      let isOver = false;
      const running: RunningCall = {
        ended: undefined,
        fields,
        abort: call.abort,
        finish(error) {
          isOver = true;
          admitted.delete(running);
          return finish(error);
        },
        handlerCall: {
          caller,
          signal,
          timeoutMs,
          telemetry: span,
          header,
          setResponseHeader,
          setTrailer,
          log: (more) => void Object.assign(fields, more),
          generationEnded(ended) {
            if (!isOver) return;
            const about = { caller: caller.id, ...callFields(fields) };
            log({ event: "generation", ...about, ...generationLine(ended) });
          },
        },
      };
      admitted.add(running);
      return running;
    } catch (error) {
      throw finish(error);
    }
  }

  /** Throws `GatewayError`. */
  async function decode(call: IncomingCall, request: EncodedRequest, running: RunningCall) {
    const { fields } = running;
    const decoded = await decoder
      .decode(call.method.input, request, (message) => {
        Object.assign(fields, requestFields(message));
      })
      .finally(() => call.arrival.drop());
    // The caller was removed while a large request was decoded.
    if (running.ended !== undefined) throw running.ended;
    return decoded;
  }

  /** Throws `RpcStatusError`. */
  function start(call: IncomingCall, request: EncodedRequest): StartedCall {
    const running = begin(call);
    return { running, decoded: decode(call, request, running) };
  }

  async function answer<Answer>(
    { method }: IncomingCall,
    { running, decoded }: StartedCall,
    encode: (response: Message) => Answer,
  ): Promise<Answer> {
    const handler = handlers.get(method) as UnaryHandler;
    try {
      const encoded = encode(await handler(await decoded, running.handlerCall));
      running.finish(undefined);
      return encoded;
    } catch (error) {
      throw running.finish(running.ended ?? error);
    }
  }

  async function* stream({ method }: IncomingCall, { running, decoded }: StartedCall) {
    const handler = handlers.get(method) as StreamHandler;
    let ended = false;
    try {
      yield* handler(await decoded, running.handlerCall);
      ended = true;
      running.finish(undefined);
    } catch (error) {
      ended = true;
      throw running.finish(running.ended ?? error);
    } finally {
      // The listener has left the loop: its caller is gone.
      if (!ended) running.finish(new GatewayError("cancelled", "the caller left the stream"));
    }
  }

  return {
    services: services.map(({ service }) => service),

    async admit(head, connection) {
      const fields: CallFields = {};
      const report = (error: unknown): RpcStatusError => refuse(head, fields, error);
      let arrival: Arrival;
      try {
        arrival = arriving.begin(admit(head, fields), connection, report);
      } catch (error) {
        throw report(error);
      }
      await starts.take(arrival.caller.id);
      return arrival;
    },

    async expect(connection) {
      await starts.take(NOBODY.id);
      const report = (error: unknown) => new RpcStatusError(encodeError(error), error);
      return arriving.begin(NOBODY, connection, report);
    },

    // Neither is a function that lasts as long as its call: it would keep the bytes of the request.
    unary: (call, request, encode) => answer(call, start(call, request), encode),
    serverStream: (call, request) => stream(call, start(call, request)),

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

    endCallsOf(isMeant, error) {
      arriving.endOf(isMeant, error);
      for (const running of admitted) {
        if (!isMeant(running.handlerCall.caller.id)) continue;
        running.ended = error;
        running.abort(error);
      }
    },

    idle() {
      if (active === 0) return Promise.resolve();
      return new Promise((resolve) => whenIdle.push(resolve));
    },

    close: () => refused.flush(),
  };
}

/** The status of a call that has thrown; of one whose error cannot be encoded, INTERNAL. */
function statusOf(thrown: unknown) {
  if (thrown === undefined) return { error: undefined, status: undefined };
  try {
    return { error: thrown, status: encodeError(thrown) };
  } catch (defect) {
    const error = internalError(defect);
    return { error, status: encodeError(error) };
  }
}

function causeOf(error: unknown): unknown {
  if (error instanceof GenerationFailed) return error.failure.error;
  return error instanceof StreamFailed ? error.error : error;
}
