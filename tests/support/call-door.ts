import type { Call, CallHead } from "../../src/calls/call.ts";
import { CallChain } from "../../src/calls/call-chain.ts";
import type { CallsOptions } from "../../src/calls/calls.ts";
import type { Interceptor } from "../../src/calls/interceptor.ts";
import type { Operation } from "../../src/calls/operation.ts";
import type { Caller } from "../../src/domain/caller.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import { noTelemetry } from "../../src/telemetry/telemetry.ts";
import { callsOf } from "./calls.ts";
import { createManualClock } from "./manual-clock.ts";

export const ASK: Operation = { name: "toy.v1.Toy/Ask", kind: "unary", audience: "callers" };
export const RULE: Operation = { name: "toy.v1.Toy/Rule", kind: "unary", audience: "operators" };

/** What the door of these tests tells callers. */
export class Refused extends Error {}

export function headOf(operation: Operation): CallHead {
  return {
    operation,
    system: "grpc",
    peer: { address: "127.0.0.1", certificateNames: [] },
    hosts: [],
    header: () => undefined,
    headerNames: () => [],
  };
}

export function callOf(operation: Operation, id = "alice"): Call {
  const controller = new AbortController();
  return {
    operation,
    system: "grpc",
    caller: { id, role: "caller" },
    timeoutMs: undefined,
    signal: controller.signal,
    header: () => undefined,
    abort: (error) => controller.abort(error),
    setResponseHeader: () => {},
    setTrailer: () => {},
  };
}

/** Runs all checks of a call before its request is read, and returns who calls. */
export function admit<Refusal extends Error>(chain: CallChain<Refusal>, head: CallHead): Caller {
  const { caller, check } = chain.identify(head);
  check();
  return caller;
}

export function messageOf(error: unknown): string {
  return error instanceof GatewayError ? `${error.kind}: ${error.message}` : "internal";
}

/** A door whose refusals are the messages of errors, and all that is told of its calls. */
export function openDoor(options: Partial<CallsOptions> = {}, more: readonly Interceptor[] = []) {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const spans: unknown[] = [];
  const telemetry = {
    ...noTelemetry,
    startCall: () => ({ end: (end: unknown) => void spans.push(end) }),
  };
  const clock = createManualClock();
  const log = (line: Readonly<Record<string, unknown>>) => void lines.push(line);
  const calls = callsOf("alice", { clock, log, telemetry, ...options });
  const interceptors = [...calls.interceptors, ...more];
  const toRefusal = (error: unknown): Refused => new Refused(messageOf(error));
  const chain = new CallChain({ log, interceptors, toRefusal });
  return { chain, calls, lines, spans, clock };
}
