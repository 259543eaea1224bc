import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { CallHead } from "../calls/call.ts";
import { LEFT } from "../domain/push-iterable.ts";
import type { Dispatcher, IncomingCall } from "./call.ts";
import type { GrpcCall } from "./grpc-call.ts";
import { maxRequestBytes } from "./requests/request-limits.ts";
import { toBytes } from "./to-bytes.ts";

/** A method of the contract. Its calls have a caller, and the dispatcher runs them. */
interface ContractMethod {
  readonly kind: "contract";
  readonly method: DescMethod;
  /** The returned promise ends with the work for the call. Its error becomes the call's status. */
  readonly serve: (call: GrpcCall, head: CallHead) => Promise<void>;
}

/** A method that needs no credential. */
export interface OpenMethod {
  readonly kind: "open";
  /** As in `ContractMethod`. */
  readonly serve: (call: GrpcCall) => Promise<void>;
}

export type GrpcMethod = ContractMethod | OpenMethod;

function incoming(method: DescMethod, call: GrpcCall, head: CallHead): IncomingCall {
  const { answer, arrival } = call;
  return {
    method,
    operation: head.operation,
    system: head.system,
    header: head.header,
    caller: arrival.caller,
    arrival,
    timeoutMs: call.timeoutMs,
    signal: call.signal,
    abort: (error) => call.abort(error),
    setResponseHeader: (name, value) => answer.setHeader(name, value),
    setTrailer: (name, value) => answer.setTrailer(name, value),
  };
}

type Serve = ContractMethod["serve"];

function unary(method: DescMethod, maxBytes: number, dispatcher: Dispatcher): Serve {
  const encode = (response: Message): Uint8Array => toBytes(method.output, response);
  return async (call, head) => {
    // The request must not be kept here: its bytes would stay for as long as the call lasts.
    const answer = await call
      .read(maxBytes)
      .then((bytes) =>
        dispatcher.unary(incoming(method, call, head), { format: "proto", bytes }, encode),
      );
    call.answer.succeed(answer);
  };
}

function serverStream(method: DescMethod, maxBytes: number, dispatcher: Dispatcher): Serve {
  return async (call, head) => {
    const messages = await call
      .read(maxBytes)
      .then((bytes) =>
        dispatcher.serverStream(incoming(method, call, head), { format: "proto", bytes }),
      );
    const { answer, signal } = call;
    await messages.pushTo((message) => {
      if (answer.isClosed) throw LEFT;
      const bytes = message instanceof Uint8Array ? message : toBytes(method.output, message);
      return answer.add(bytes) || signal.aborted ? undefined : answer.drained(signal);
    });
    answer.succeed();
  };
}

/** The contract's methods, by path. `requestBytes` is `limits.request_bytes`. */
export function contractMethods(
  dispatcher: Dispatcher,
  requestBytes: number,
): [path: string, method: GrpcMethod][] {
  return dispatcher.services
    .flatMap((service) => service.methods)
    .map((method) => {
      const serve = method.methodKind === "server_streaming" ? serverStream : unary;
      const maxBytes = maxRequestBytes(method, requestBytes);
      return [
        `/${method.parent.typeName}/${method.name}`,
        { kind: "contract", method, serve: serve(method, maxBytes, dispatcher) },
      ];
    });
}
