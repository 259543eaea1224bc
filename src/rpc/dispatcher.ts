import type { DescMethod, Message } from "@bufbuild/protobuf";
import { CallChain, type Identified, type RunningCall } from "../calls/call-chain.ts";
import { requestFields } from "../calls/call-fields.ts";
import type { Calls } from "../calls/calls.ts";
import type { HandlerCall } from "../calls/handler-call.ts";
import type { Clock } from "../clock.ts";
import {
  type Arrival,
  type Dispatcher,
  type EncodedRequest,
  type IncomingCall,
  type RpcStatus,
  RpcStatusError,
} from "./call.ts";
import { encodeError } from "./encode-error.ts";
import type { ServedService } from "./handlers.ts";
import { ArrivingRequests, NOBODY } from "./requests/arriving-requests.ts";
import { RequestDecoder } from "./requests/request-decoder.ts";
import { StartTurns } from "./requests/start-turns.ts";
import { unservedLine } from "./unserved-line.ts";

export interface DispatcherDependencies {
  readonly services: readonly ServedService[];
  readonly calls: Calls;
  readonly clock: Clock;
  /** Largest request in bytes. */
  readonly requestBytes: number;
}

type UnaryHandler = (request: Message, call: HandlerCall) => Promise<Message>;
type StreamHandler = (request: Message, call: HandlerCall) => AsyncIterable<Message | Uint8Array>;

/** A call whose request is being decoded. */
interface StartedCall {
  readonly running: RunningCall<RpcStatusError>;
  readonly decoded: Promise<Message>;
}

/** Refusals with a frozen status, which floods get. */
const refusals = new WeakMap<RpcStatus, RpcStatusError>();

function toRefusal(error: unknown): RpcStatusError {
  const status = encodeError(error);
  if (!Object.isFrozen(status)) return new RpcStatusError(status, error);
  const refusal = refusals.get(status) ?? new RpcStatusError(status, error);
  refusals.set(status, refusal);
  return refusal;
}

export function createDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { services, calls, clock, requestBytes } = dependencies;
  const handlers = new Map<DescMethod, unknown>();
  for (const { service, handlers: own } of services) {
    for (const method of service.methods) handlers.set(method, own[method.localName]);
  }
  const decoder = new RequestDecoder([...handlers.keys()].map((method) => method.input));
  const arriving = new ArrivingRequests(clock, requestBytes);
  const starts = new StartTurns();
  const chain = new CallChain({ ...calls, toRefusal });

  async function arrive<Refusal extends Error>(
    { caller, refuse, check }: Identified<Refusal>,
    connection: object,
  ): Promise<Arrival<Refusal>> {
    const arrival = arriving.begin(caller, connection, refuse);
    // A refused call costs as much as one that begins.
    await starts.take(caller.id);
    try {
      check();
    } catch (error) {
      arrival.end();
      arrival.drop();
      throw error;
    }
    return arrival;
  }

  async function decode(
    { method, arrival }: IncomingCall,
    request: EncodedRequest,
    running: RunningCall<RpcStatusError>,
  ): Promise<Message> {
    const decoded = await decoder
      .decode(method.input, request, (message) => running.log(requestFields(message)))
      .finally(() => arrival.drop());
    // The caller can have been removed while a large request was decoded.
    running.throwIfEnded();
    return decoded;
  }

  /** Throws `RpcStatusError`. */
  function start(call: IncomingCall, request: EncodedRequest): StartedCall {
    const { arrival } = call;
    // This error already has its line in the log.
    if (arrival.error !== undefined) throw arrival.error;
    arrival.end();
    const running = chain.begin(call);
    return { running, decoded: decode(call, request, running) };
  }

  function answer<Answer>(
    { method }: IncomingCall,
    { running, decoded }: StartedCall,
    encode: (response: Message) => Answer,
  ): Promise<Answer> {
    const handler = handlers.get(method) as UnaryHandler;
    return running.unary(async (call) => encode(await handler(await decoded, call)));
  }

  function stream({ method }: IncomingCall, { running, decoded }: StartedCall) {
    const handler = handlers.get(method) as StreamHandler;
    return running.serverStream(async (call) => handler(await decoded, call));
  }

  return {
    services: services.map(({ service }) => service),

    async admit(head, connection) {
      return arrive(chain.identify(head), connection);
    },

    expect: (connection) =>
      arrive({ caller: NOBODY, refuse: toRefusal, check: () => {} }, connection),
    arrive,
    unserved: (call) => calls.lines.refused(unservedLine(call)),

    // `unary` and `serverStream` are short: a function that lasts as long as its call would keep the bytes of the
    // request alive.
    unary: async (call, request, encode) => answer(call, start(call, request), encode),
    serverStream: (call, request) => stream(call, start(call, request)),

    arrivals: arriving,
  };
}
