import type { Clock } from "../clock.ts";
import type { FieldViolation } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { GoesBack, Model, Parameter, WireLimits } from "../domain/model.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { ProviderInstance } from "../ports/provider-instance.ts";
import type { TypeFacts } from "../ports/type-facts.ts";

/** One attempt, as an adapter gets it. */
export interface ProviderRequest {
  /**
   * Fitted to the model: unsupported parameters and foreign reasoning parts are removed, and defaults are filled in.
   */
  readonly spec: GenerationSpec;
  readonly model: Model;
  /** `reasoning.effort` in the provider's vocabulary; undefined: none is sent. */
  readonly effort: string | undefined;
  /** Whether to ask the provider to stream. The events are the same either way. */
  readonly stream: boolean;
  /**
   * The request's `provider_options` for this instance, which are merged into the body. Fields of the adapter take
   * precedence.
   */
  readonly options: JsonObject;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Whether the last message is the beginning of the answer, which the provider must continue. */
  readonly continues: boolean;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Longest wait after a finish reason, in milliseconds. Only counts and the end marker can follow it. */
  readonly usageWaitMs: number;
  /** Additional headers of the HTTP request, for the trace context. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An adapter for one configured instance. */
export interface Provider {
  /**
   * Sends one request and yields the answer; see `ProviderEvent`. If the provider refuses a credential that was
   * replaced meanwhile, the request is sent once more with the new one. Throws only `GatewayError`, except that after
   * an abort it may throw the signal's reason. The adapter has no timers: the caller limits the time by `signal`, and
   * an abort reaches the socket at once.
   */
  generate(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
  /**
   * The provider's own count of the input, by a separate call that is not charged. Fails like `generate`. Undefined:
   * the provider has no such call.
   */
  countInput?(request: ProviderRequest, signal: AbortSignal): Promise<number>;
  /**
   * Refuses invalid options before the call is admitted. Checks only Steer's own options and those that become a
   * header, because the vendor decides about the others. Throws INVALID_ARGUMENT.
   */
  checkOptions?(options: JsonObject): void;
  /** Closes pooled connections, and ends a running question for a credential. */
  close(): Promise<void>;
}

/** The text of a provider's error, which can quote a request. */
export interface ErrorText {
  /** HTTP status; undefined for an error inside an answer. */
  readonly status: number | undefined;
  readonly text: string;
}

/** Dependencies of an adapter. */
export interface ProviderContext {
  readonly clock: Clock;
  /** Receives the text of each error; unset: nobody may see it. */
  readonly onErrorText?: (error: ErrorText) => void;
  /** Reads the instance's key again. Throws if it cannot. Unset: the key is not from a file. */
  readonly readApiKey?: () => string;
  /** Whether scripted faults are allowed (`faults.allow`). */
  readonly allowFaults: boolean;
}

/** The export of a provider folder for `registry.ts`. */
export interface ProviderType extends TypeFacts {
  /** Whether a model with these facts of the wire supports the parameter, if its dialect can carry it. */
  takes(parameter: Parameter, wire: JsonObject): boolean;
  /** Whether streams of a dialect at this address report the same usage as whole answers. */
  reportsUsageInStreams(dialect: string, baseUrl: string): boolean;
  /** Limits of all models of a dialect at this address. */
  limits(dialect: string, baseUrl: string): WireLimits;
  /**
   * Additions of answers that models of a dialect, with these facts of the wire, accept in the history of a request.
   */
  goesBack(dialect: string, wire: JsonObject): GoesBack;
  /**
   * Whether every instance can continue a last message of the assistant. Otherwise the operator configures which can.
   */
  readonly prefill: boolean;
  /**
   * The part of a request that the model's dialect cannot carry; undefined: all of it can be carried. Pure, and
   * called before the first attempt, so that `generate` refuses nothing. `description` is a noun phrase such as "a
   * part of type image in a tool result".
   */
  unsupported(spec: GenerationSpec, model: Model, options: JsonObject): FieldViolation | undefined;
  /** Imports the vendor's SDK, so it is called only for configured instances. */
  create(instance: ProviderInstance, context: ProviderContext): Promise<Provider>;
}
