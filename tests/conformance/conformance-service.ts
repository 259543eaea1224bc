// The suite's ConformanceService: answers as each request asks for, and says what it has seen.
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
  type Message,
} from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { HandlerCall } from "../../src/calls/handler-call.ts";
import type { Clock } from "../../src/clock.ts";
import type { RpcStatus } from "../../src/rpc/call.ts";
import type { ServedService } from "../../src/rpc/handlers.ts";

const PACKAGE = "connectrpc.conformance.v1";
const REQUEST_INFO = `${PACKAGE}.ConformancePayload.RequestInfo`;

/** What Steer's contract has of kinds of calls. `Unimplemented` is what nobody serves. */
const SERVED: readonly string[] = ["Unary", "IdempotentUnary", "ServerStream"];

interface Header {
  readonly name: string;
  readonly value: readonly string[];
}

interface WantedError {
  readonly code: number;
  readonly message?: string;
  readonly details: readonly Any[];
}

interface UnaryDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly response:
    | { readonly case: "responseData"; readonly value: Uint8Array }
    | { readonly case: "error"; readonly value: WantedError }
    | { readonly case: undefined };
  readonly responseDelayMs: number;
}

interface StreamDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseData: readonly Uint8Array[];
  readonly responseDelayMs: number;
  readonly error?: WantedError;
}

/** Thrown where a request asks for an error: the status as it has to arrive. */
export class WantedFailure extends Error {
  override readonly name = "WantedFailure";
  readonly status: RpcStatus;

  constructor(status: RpcStatus) {
    super(status.message);
    this.status = status;
  }
}

export interface ConformanceProtos {
  readonly registry: FileRegistry;
  /** With the methods that are served. */
  readonly service: DescService;
}

export function readProtos(image: Uint8Array): ConformanceProtos {
  const files = fromBinary(FileDescriptorSetSchema, image);
  for (const service of files.file.flatMap((file) => file.service)) {
    service.method = service.method.filter(({ name }) => SERVED.includes(name));
  }
  const registry = createFileRegistry(files);
  const service = registry.getService(`${PACKAGE}.ConformanceService`);
  if (service === undefined) throw new Error("the image has no ConformanceService");
  return { registry, service };
}

function setAll(headers: readonly Header[], set: (name: string, value: string) => void): void {
  for (const { name, value } of headers) set(name, value.join(", "));
}

const DEADLINE_EXCEEDED = {
  code: 4,
  message: "the deadline has passed",
  details: [],
  trailers: {},
};

/** As Steer's own handlers do: the caller's deadline ends the call, whoever notices first. */
async function wait(delayMs: number, call: HandlerCall, clock: Clock): Promise<void> {
  const { timeoutMs = delayMs, signal } = call;
  await clock.sleep(Math.min(delayMs, timeoutMs), signal).catch(() => {});
  if (timeoutMs < delayMs) throw new WantedFailure(DEADLINE_EXCEEDED);
  signal.throwIfAborted();
}

/** `headers`: those that a call is asked for, since a handler asks by name. */
export function createConformanceService(
  { registry, service }: ConformanceProtos,
  headers: readonly string[],
  clock: Clock,
): ServedService {
  function schemaOf(typeName: string): DescMessage {
    const schema = registry.getMessage(typeName);
    if (schema === undefined) throw new Error(`the image has no ${typeName}`);
    return schema;
  }

  function requestInfo(request: Message, call: HandlerCall): Message {
    const requestHeaders = headers.flatMap((name) => {
      const value = call.header(name);
      return value === undefined ? [] : [{ name, value: [value] }];
    });
    const { timeoutMs } = call;
    return create(schemaOf(REQUEST_INFO), {
      requestHeaders,
      requests: [anyPack(schemaOf(request.$typeName), request)],
      ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    });
  }

  function failure(error: WantedError, info: Message | undefined): WantedFailure {
    const details = error.details.map((any) => {
      const value = anyUnpack(any, registry);
      if (value === undefined) throw new Error(`the image has no ${any.typeUrl}`);
      return value;
    });
    const { code, message = "" } = error;
    const sent = (info === undefined ? details : [...details, info]).map((value) => ({
      desc: schemaOf(value.$typeName),
      value,
    }));
    return new WantedFailure({ code, message, details: sent, trailers: {} });
  }

  async function answer(request: Message, call: HandlerCall): Promise<Message> {
    const { responseDefinition } = request as Message & { responseDefinition?: UnaryDefinition };
    const response = schemaOf(request.$typeName.replace(/Request$/, "Response"));
    const info = requestInfo(request, call);
    if (responseDefinition === undefined)
      return create(response, { payload: { requestInfo: info } });
    const { response: wanted } = responseDefinition;
    setAll(responseDefinition.responseHeaders, call.setResponseHeader);
    setAll(responseDefinition.responseTrailers, call.setTrailer);
    await wait(responseDefinition.responseDelayMs, call, clock);
    if (wanted.case === "error") throw failure(wanted.value, info);
    const data = wanted.case === "responseData" ? wanted.value : new Uint8Array();
    return create(response, { payload: { data, requestInfo: info } });
  }

  async function* stream(request: Message, call: HandlerCall): AsyncGenerator<Message, void> {
    const { responseDefinition } = request as Message & { responseDefinition?: StreamDefinition };
    if (responseDefinition === undefined) return;
    const { responseData, responseDelayMs, error } = responseDefinition;
    setAll(responseDefinition.responseHeaders, call.setResponseHeader);
    setAll(responseDefinition.responseTrailers, call.setTrailer);
    let info: Message | undefined = requestInfo(request, call);
    for (const data of responseData) {
      await wait(responseDelayMs, call, clock);
      const payload = { data, ...(info !== undefined && { requestInfo: info }) };
      yield create(schemaOf(`${PACKAGE}.ServerStreamResponse`), { payload });
      info = undefined;
    }
    if (error !== undefined) throw failure(error, info);
  }

  return {
    service,
    handlers: { unary: answer, idempotentUnary: answer, serverStream: stream },
  };
}
