// A generation to run, and one that a target has taken. The destination of its events is not known here: `gateway.ts`
// chooses it.

import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt, TargetName } from "../domain/generation.ts";
import type { AbortPolicy, GenerationSpec } from "../domain/generation-spec.ts";
import type { Route } from "../domain/route.ts";
import type { Warning } from "../domain/warning.ts";
import type { DeliveredOutput } from "../output/delivered-output.ts";
import type { GenerationResult, Outcome } from "../output/generation-result.ts";
import type { SchemaChecks } from "../output/schema-checks.ts";
import type { CallLimits, LimitedGeneration } from "../ports/call-limits.ts";
import type { Provider } from "../providers/provider.ts";
import type { DefaultTimeouts } from "../reliability/attempt-limits.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import type { ReliabilityEngine } from "../reliability/reliability-engine.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { UsageSink } from "../usage/usage-sink.ts";
import type { Delivery } from "./delivery.ts";

/** The part of the configuration that a reload replaces. A call keeps its deployment as long as it holds a lease. */
export interface Deployment {
  /** Keeps the providers open until the returned function is called. That function may be called twice. */
  lease(): () => void;
  /** Throws `GatewayError` if no target is eligible that the caller may use. `caller` undefined: whoever calls. */
  route(spec: GenerationSpec, caller: string | undefined): Route;
  provider(instanceId: string): Provider;
  readonly timeouts: DefaultTimeouts;
  /** How provider calls end on a cancel if the request does not say. */
  readonly abort: AbortPolicy;
}

export interface RunDependencies {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly deployment: () => Deployment;
  readonly engine: ReliabilityEngine;
  readonly stats: ProviderStats;
  readonly counter: TokenCounter;
  readonly checks: SchemaChecks;
  /** What callers may use. */
  readonly limits: CallLimits;
  /** Receives a record of each attempt and of each generation that ends here. */
  readonly usage: UsageSink;
  /** Called with each defect that ends a generation. */
  readonly onDefect: OnDefect;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
}

/** A generation to run. */
export interface RunRequest {
  readonly spec: GenerationSpec;
  readonly caller: string;
  readonly stream: boolean;
  /** Milliseconds of the caller's deadline for the whole generation; undefined: no deadline. */
  readonly timeoutMs: number | undefined;
  /** Milliseconds for which the caller reads a stream that can continue afterwards. */
  readonly readMs?: number | undefined;
  readonly telemetry: CallTelemetry;
  /** Whether the caller drops output that a notice discards. A caller of a whole answer has none to drop. */
  readonly acceptsDiscard: boolean;
  /** What the door has left out of the request; unset: nothing. */
  readonly warnings?: readonly Warning[] | undefined;
  /** Another replica can go on with the generation. */
  readonly canMove: boolean;
  /** Called with the standing of the caller's limits, if it has any. */
  readonly onStandings?: LimitedGeneration["onStandings"];
  /** The part of the generation that a lost owner produced; undefined: the generation is new. */
  readonly before: Before | undefined;
}

export interface Before {
  readonly generationId: string;
  readonly createTimeMs: number;
  readonly attempts: readonly Attempt[];
  /** Output of the last of them that the caller holds and that is gone on with; undefined: the output begins anew. */
  readonly delivered?: DeliveredOutput;
}

/** A generation that a target has taken, before its first request. */
export interface GenerationRun {
  readonly result: GenerationResult;
  /** The first target of the route. */
  readonly target: TargetName;
  /** Longest duration from now, in milliseconds. */
  readonly limitMs: number;
  /** Runs the attempts and delivers their events. Never throws: a defect ends the generation as INTERNAL. */
  run(delivery: Delivery): Promise<Outcome>;
  /** Ends the generation at once with this error. */
  abort(error: GatewayError): void;
  /** Returns the permit and the lease. Called instead of `run`. */
  release(): void;
}
