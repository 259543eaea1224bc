import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import type { CallsOptions } from "../../src/calls/calls.ts";
import type { HandlerCall } from "../../src/calls/handler-call.ts";
import { type IncomingCall, RpcStatusError } from "../../src/rpc/call.ts";
import { createDispatcher } from "../../src/rpc/dispatcher.ts";
import type { ServedService } from "../../src/rpc/handlers.ts";
import { operationOf } from "../../src/rpc/operation-of.ts";
import { noTelemetry } from "../../src/telemetry/telemetry.ts";
import { callsOf } from "./calls.ts";
import { createManualClock } from "./manual-clock.ts";

const { check, watch } = Health.method;

interface Handlers {
  unary?(request: Message, call: HandlerCall): Promise<Message>;
  stream?(request: Message, call: HandlerCall): AsyncIterable<Message | Uint8Array>;
}

/** A dispatcher over these handlers, with everything that it reports. */
export function setUpDispatcher(
  handlers: Handlers = {},
  options: Partial<CallsOptions> = {},
  services: readonly ServedService[] = [
    { service: Health, handlers: { check: handlers.unary, watch: handlers.stream } },
  ],
) {
  const clock = createManualClock();
  const lines: Record<string, unknown>[] = [];
  const spans: unknown[] = [];
  const aborted: unknown[] = [];
  const headers: Record<string, string> = {};
  const trailers: Record<string, string> = {};
  const calls = callsOf("alice", {
    telemetry: {
      ...noTelemetry,
      startCall: (info) => ({
        traceId: noTelemetry.startCall(info).traceId,
        end: (end) => void spans.push(end),
      }),
    },
    clock,
    log: (line) => void lines.push(line as never),
    ...options,
  });
  const dispatcher = createDispatcher({ services, calls, clock, requestBytes: 1_000 });
  const head = (method: DescMethod, sent: Record<string, string> = {}) => ({
    method,
    operation: operationOf(method),
    system: "grpc" as const,
    peer: { address: "127.0.0.1", certificateNames: [] },
    hosts: [],
    header: (name: string) => sent[name],
    headerNames: () => Object.keys(sent),
  });
  /** A call whose request is complete. */
  async function arrive(method: DescMethod, sent: Record<string, string> = {}) {
    const arrival = await dispatcher.admit(head(method, sent), {});
    const controller = new AbortController();
    const call: IncomingCall = {
      method,
      operation: operationOf(method),
      system: "grpc",
      caller: arrival.caller,
      arrival,
      header: (name) => sent[name],
      timeoutMs: 500,
      signal: controller.signal,
      abort: (error) => void aborted.push(error),
      setResponseHeader: (name, value) => void Object.assign(headers, { [name]: value }),
      setTrailer: (name, value) => void Object.assign(trailers, { [name]: value }),
    };
    return call;
  }
  const text = (json: object) => Buffer.from(JSON.stringify(json));
  return {
    clock,
    lines,
    spans,
    aborted,
    headers,
    trailers,
    calls,
    dispatcher,
    head,
    arrive,
    async unary(sent: Record<string, string> = {}) {
      const call = await arrive(check, sent);
      const request = { format: "json", bytes: text({ service: "m" }) } as const;
      return dispatcher.unary(call, request, (response) => response.$typeName);
    },
    async stream() {
      const call = await arrive(watch);
      return dispatcher.serverStream(call, { format: "json", bytes: text({}) });
    },
  };
}

/** The status of a refused call, and its log line. */
export async function refusalOf(call: Promise<unknown>) {
  const error = await call.catch((thrown: unknown) => thrown);
  if (!(error instanceof RpcStatusError)) throw new Error("the call was not refused");
  return error.status;
}
