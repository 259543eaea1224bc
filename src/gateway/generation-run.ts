// A generation that is to be run, and one that a target has taken. Where its events go is the caller's
// matter: `gateway.ts`.

import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt, TargetName } from "../domain/generation.ts";
import type { AbortPolicy, GenerationSpec } from "../domain/generation-spec.ts";
import type { Route } from "../domain/route.ts";
import type { DeliveredOutput } from "../output/delivered-output.ts";
import type { GenerationResult, Outcome } from "../output/generation-result.ts";
import type { SchemaChecks } from "../output/schema-checks.ts";
import type { Provider } from "../providers/provider.ts";
import type { DefaultTimeouts } from "../reliability/attempt-limits.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import type { ReliabilityEngine } from "../reliability/reliability-engine.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { UsageSink } from "../usage/usage-sink.ts";
import type { Delivery } from "./delivery.ts";

/** What a reload can replace; a call keeps what it started with, as long as it holds a lease. */
export interface Deployment {
  /** Keeps its providers open until the returned function is called; that may happen twice. */
  lease(): () => void;
  /** Throws `GatewayError` where no target is eligible. */
  route(spec: GenerationSpec): Route;
  provider(instanceId: string): Provider;
  readonly timeouts: DefaultTimeouts;
  /** How provider calls end on a cancel, if the request does not say. */
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
  /** Gets a record of each attempt and of each generation that ends here. */
  readonly usage: UsageSink;
  /** Is told of each defect that ends a generation. */
  readonly onDefect: OnDefect;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
}

/** A generation that is to be run. */
export interface RunRequest {
  readonly spec: GenerationSpec;
  readonly caller: string;
  readonly stream: boolean;
  /** Milliseconds that the caller's deadline gives the whole generation; undefined: no deadline. */
  readonly timeoutMs: number | undefined;
  /** Milliseconds for which the caller reads a stream that can go on afterwards. */
  readonly readMs?: number | undefined;
  readonly telemetry: CallTelemetry;
  /** The caller drops output that a notice discards. Of a whole answer the caller has none. */
  readonly acceptsDiscard: boolean;
  /** The part of the generation that a lost owner has done; undefined: the generation is new. */
  readonly before: Before | undefined;
}

export interface Before {
  readonly generationId: string;
  readonly createTimeMs: number;
  readonly attempts: readonly Attempt[];
  /** Output of the last of them that the caller holds and that is gone on with; undefined: the output begins anew. */
  readonly delivered?: DeliveredOutput;
}

/** A generation that a target has taken; nothing is sent yet. */
export interface GenerationRun {
  readonly result: GenerationResult;
  /** The first target of the route. */
  readonly target: TargetName;
  /** Longest duration from now, in milliseconds. */
  readonly limitMs: number;
  /** Runs the attempts and hands their events on. Never throws: a defect ends the generation as INTERNAL. */
  run(delivery: Delivery): Promise<Outcome>;
  /** Ends the generation with this error, at once. */
  abort(error: GatewayError): void;
  /** Gives the permit and the lease back; called instead of `run`. */
  release(): void;
}
