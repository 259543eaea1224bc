// A service with a caller and an operator, and streams of the caller for the operator.
import { createHash } from "node:crypto";
import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { AdminService, type StreamState } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, gatewayErrorOf, type StreamCall } from "./grpc-client.ts";
import { type ServiceProcess, startService } from "./service.ts";
import { eventually } from "./stack.ts";

export const CALLER = "billing";
export const OPERATOR = "ops";
export const PROMPT = "the prompt that nobody may read";

/** A stream that continues until it is ended. */
export const endless = { tokens: 100_000, paceMs: 20 };

interface Asked {
  readonly tokens?: number;
  readonly paceMs?: number;
  readonly label?: string;
  readonly requestId?: string;
  readonly script?: Readonly<Record<string, unknown>>;
}

export interface OpenedStream {
  readonly id: string;
  /** Everything up to the end. */
  readonly rest: Promise<{ readonly events: readonly StreamEvent[]; readonly error: unknown }>;
}

/** Calls with one credential. */
interface Credentialed {
  unary<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
  ): Promise<MessageShape<M["output"]>>;
  stream<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
  ): StreamCall<MessageShape<M["output"]>>;
}

export interface OperatedService extends AsyncDisposable {
  readonly service: ServiceProcess;
  readonly caller: Credentialed;
  readonly operator: Credentialed;
  /** The operator's environment for the command line. */
  readonly env: Readonly<Record<string, string>>;
  open(asked?: Asked): Promise<OpenedStream>;
  finished(asked?: Asked): Promise<string>;
  stateOf(streamId: string): Promise<StreamState>;
  /** The last audit line of a method with this result, when it arrives. */
  auditOf(
    method: string,
    result: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>>;
}

export async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { code: (error as { code?: number }).code, reason: gatewayErrorOf(error)?.reason };
}

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

/** The identifier as soon as it is known, and all later events. */
async function read(call: AsyncIterable<StreamEvent>): Promise<OpenedStream> {
  const { promise: id, resolve } = Promise.withResolvers<string>();
  const rest = (async () => {
    const events: StreamEvent[] = [];
    try {
      for await (const event of call) {
        events.push(event);
        if (event.event.case === "start") resolve(event.event.value.streamId);
      }
      return { events, error: undefined };
    } catch (error) {
      return { events, error };
    }
  })();
  return { id: await id, rest };
}

export async function startOperated(): Promise<OperatedService> {
  const service = await startService({
    config: `
faults: {allow: true} # because: the simulator shall fail
callers:
  - {id: ${CALLER}, role: caller, key_sha256: ${hashOf("caller-key")}}
  - {id: ${OPERATOR}, role: operator, key_sha256: ${hashOf("operator-key")}}
`,
  });
  const client = createGrpcClient(service.grpc);
  const as = (key: string): Credentialed => {
    const options = { metadata: { authorization: `Bearer ${key}` } };
    return {
      unary: (method, request) => client.unary(method, request, options),
      stream: (method, request) => client.stream(method, request, options),
    };
  };
  const caller = as("caller-key");
  const operator = as("operator-key");

  async function open(asked: Asked = {}): Promise<OpenedStream> {
    const { tokens = 3, paceMs = 0, label = "", requestId = "", script = {} } = asked;
    const simulator = { tokens, pace_ms: paceMs, ...script } as never;
    const spec = {
      model: "simulator",
      prompt: PROMPT,
      labels: { test: label },
      providerOptions: { simulator },
    };
    const options = { onDisconnect: DisconnectPolicy.CONTINUE };
    return read(
      caller.stream(GenerationService.method.streamGenerate, { requestId, spec, options }),
    );
  }

  return {
    service,
    caller,
    operator,
    env: { STEER_ADDRESS: service.grpc, STEER_API_KEY: "operator-key" },
    open,
    async finished(asked) {
      const { id, rest } = await open(asked);
      await rest;
      return id;
    },
    async stateOf(streamId) {
      const { getStreamState } = AdminService.method;
      const { streamState } = await operator.unary(getStreamState, { streamId });
      if (streamState === undefined) throw new Error("no state");
      return streamState;
    },
    async auditOf(method, result) {
      const has = (line: Readonly<Record<string, unknown>>): boolean =>
        Object.entries(result).every(
          ([key, value]) => (line["result"] as Record<string, unknown>)[key] === value,
        );
      const find = () =>
        service.log.findLast(
          (line) => line["event"] === "audit" && line["method"] === method && has(line),
        );
      await eventually(() => find() !== undefined);
      return find() ?? {};
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await service.stop();
    },
  };
}
