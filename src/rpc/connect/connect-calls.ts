import {
  type DescMethod,
  fromBinary,
  type Message,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallHead } from "../../calls/call.ts";
import type { Clock } from "../../clock.ts";
import { LEFT, pushItemsTo } from "../../domain/push-iterable.ts";
import {
  type Arrival,
  type Dispatcher,
  type EncodedRequest,
  type IncomingCall,
  RpcStatusError,
} from "../call.ts";
import { CALLER_GONE } from "../caller-gone.ts";
import { timeoutOf } from "../deadline.ts";
import type { FloodGuard } from "../flood-guard.ts";
import { connectionOf, type HttpRequest, hostsOf } from "../http-call.ts";
import { type HttpResponse, whenGone } from "../http-writes.ts";
import { operationOf } from "../operation-of.ts";
import { type Connection, peerOf } from "../peer.ts";
import { readRequest } from "../requests/read-request.ts";
import { toConnectError } from "../to-connect-error.ts";
import { type CallForm, formOf } from "./call-form.ts";
import { FramedAnswer, type RpcAnswer, UnaryAnswer } from "./rpc-answer.ts";
import { WireToJson } from "./wire-to-json.ts";

export interface ConnectCallsOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly floods: FloodGuard;
  /** Largest inflated request of a method, in bytes. */
  readonly maxRequestBytes: (method: DescMethod) => number;
  /** Types of messages in `Any`. */
  readonly registry: Registry;
}

/** A method of callers, with what its calls need. */
interface ServedMethod {
  readonly method: DescMethod;
  readonly maxBytes: number;
  readonly json: WireToJson;
}

/** A call whose headers have arrived. */
interface ArrivedCall {
  readonly served: ServedMethod;
  readonly form: CallForm;
  readonly request: HttpRequest;
  readonly connection: Connection;
  readonly head: CallHead;
  readonly answer: RpcAnswer;
  readonly controller: AbortController;
  /** By the clock; undefined: the call has no deadline. */
  readonly deadline: number | undefined;
}

/** As the library says in the same case. */
const DEADLINE_EXCEEDED = "the operation timed out";

function headOf(method: DescMethod, request: HttpRequest, connection: Connection): CallHead {
  const { headers } = request;
  return {
    operation: operationOf(method),
    system: "connectrpc",
    peer: peerOf(connection),
    hosts: hostsOf(request),
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    headerNames: () => Object.keys(headers).filter((name) => !name.startsWith(":")),
  };
}

/**
 * Serves the usual calls of callers: Connect and gRPC-Web by POST. The library has everything else: operators' methods,
 * messages in addresses, and requests that are refused for their form.
 */
export class ConnectCalls {
  readonly #options: ConnectCallsOptions;
  /** By path. */
  readonly #methods: ReadonlyMap<string, ServedMethod>;

  constructor(options: ConnectCallsOptions) {
    this.#options = options;
    const methods = options.dispatcher.services
      .flatMap((service) => service.methods)
      .filter((method) => operationOf(method).audience === "callers");
    this.#methods = new Map(
      methods.map((method) => [
        `/${method.parent.typeName}/${method.name}`,
        {
          method,
          maxBytes: options.maxRequestBytes(method),
          json: new WireToJson(method.output),
        },
      ]),
    );
  }

  /** False: the request is left to the library, and nothing of it is read. `path`: without the query. */
  handle(request: HttpRequest, response: HttpResponse, path: string): boolean {
    if (request.method !== "POST") return false;
    const served = this.#methods.get(path);
    const host = request.headers[":authority"] ?? request.headers.host;
    if (served === undefined || !URL.canParse(`http://${host}`)) return false;
    const { method } = served;
    const form = formOf(method, request.headers);
    if (form === undefined) return false;
    const connection = connectionOf(request);
    // The connection is lost, so nobody waits for an answer.
    if (connection === undefined) return true;
    const answer = this.#answerOf(served, form, response);
    const head = headOf(method, request, connection);
    const timeoutMs = timeoutOf(head);
    const deadline = timeoutMs === undefined ? undefined : this.#options.clock.now() + timeoutMs;
    const controller = new AbortController();
    whenGone(response, () => controller.abort(CALLER_GONE));
    const call = { served, form, request, connection, head, answer, controller, deadline };
    // An answer that cannot be written has no reader. The call is over and has its log line.
    this.#serve(call).catch(
      () => void ("stream" in request ? request.stream.close() : request.destroy()),
    );
    return true;
  }

  #answerOf({ method }: ServedMethod, form: CallForm, response: HttpResponse): RpcAnswer {
    const options = { response, form, json: { registry: this.#options.registry } };
    if (form.framing === "unary") return new UnaryAnswer(options);
    const isStream = method.methodKind === "server_streaming";
    return new FramedAnswer(form.framing, { ...options, isStream });
  }

  async #serve(call: ArrivedCall): Promise<void> {
    const { answer, controller, deadline } = call;
    const { clock } = this.#options;
    let isLate = false;
    const stopTimer =
      deadline === undefined
        ? undefined
        : clock.schedule(deadline - clock.now(), () => {
            isLate = true;
            controller.abort(CALLER_GONE);
          });
    let failure: ConnectError | undefined;
    try {
      await this.#run(call);
    } catch (error) {
      failure = toConnectError(error);
      // A stream may continue, and a caller that gets CANCELLED would not resume it.
      if (isLate && failure.code === Code.Canceled)
        failure = new ConnectError(DEADLINE_EXCEEDED, Code.DeadlineExceeded);
    } finally {
      stopTimer?.();
    }
    await answer.end(failure);
  }

  async #run(call: ArrivedCall): Promise<void> {
    const { served, answer, head, connection } = call;
    const { dispatcher, floods } = this.#options;
    const arrival = await dispatcher.admit(head, connection).catch((error: unknown) => {
      if (error instanceof RpcStatusError)
        floods.refused(connection, error.status, call.request.headers);
      throw error;
    });
    try {
      // The request must not be kept here: its bytes would stay for as long as the call lasts.
      if (served.method.methodKind !== "server_streaming") {
        const message = await this.#read(call, arrival).then((request) =>
          dispatcher.unary(this.#incoming(call, arrival), request, (response) =>
            this.#encode(call, response),
          ),
        );
        await answer.add(message);
        return;
      }
      // Proxies buffer answers that look like pages; these headers prevent it.
      answer.setHeader("cache-control", "no-cache, no-transform");
      answer.setHeader("x-accel-buffering", "no");
      const messages = await this.#read(call, arrival).then((request) =>
        dispatcher.serverStream(this.#incoming(call, arrival), request),
      );
      await this.#send(call, messages);
    } finally {
      arrival.end();
      arrival.drop();
    }
  }

  async #read(
    { served, form, request, head }: ArrivedCall,
    arrival: Arrival,
  ): Promise<EncodedRequest> {
    const { framing, format, requestEncoding: encoding } = form;
    const promised = head.header("content-length") ?? null;
    const body = { body: request, framing, encoding, promised, maxBytes: served.maxBytes };
    return { format, bytes: await readRequest(body, arrival) };
  }

  async #send(call: ArrivedCall, messages: AsyncIterable<Message | Uint8Array>): Promise<void> {
    const { answer } = call;
    await pushItemsTo(messages, (message) => {
      if (answer.isClosed) throw LEFT;
      return answer.add(this.#encode(call, message));
    });
  }

  #incoming(call: ArrivedCall, arrival: Arrival): IncomingCall {
    const { served, head, answer, controller, deadline } = call;
    return {
      method: served.method,
      operation: head.operation,
      system: head.system,
      header: head.header,
      caller: arrival.caller,
      arrival,
      timeoutMs: deadline === undefined ? undefined : deadline - this.#options.clock.now(),
      signal: controller.signal,
      abort: (error) => controller.abort(error),
      setResponseHeader: (name, value) => answer.setHeader(name, value),
      setTrailer: (name, value) => answer.setTrailer(name, value),
    };
  }

  /** Messages that are bytes are encoded already, for gRPC. */
  #encode(
    { served: { method, json }, form }: ArrivedCall,
    message: Message | Uint8Array,
  ): Uint8Array {
    const isEncoded = message instanceof Uint8Array;
    // JSON alone does not check ranges.
    const bytes = isEncoded ? message : toBinary(method.output, message);
    if (form.format === "proto") return bytes;
    const direct = isEncoded ? json.write(bytes) : undefined;
    if (direct !== undefined) return direct;
    const { registry } = this.#options;
    const value = isEncoded ? fromBinary(method.output, bytes) : message;
    return Buffer.from(JSON.stringify(toJson(method.output, value, { registry })));
  }
}
