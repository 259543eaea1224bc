import type { Clock } from "../clock.ts";
import type { FieldViolation } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { GoesBack, Model, Parameter, WireLimits } from "../domain/model.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { ProviderInstance } from "../ports/provider-instance.ts";
import type { TypeFacts } from "../ports/type-facts.ts";

/** One attempt as an adapter sees it. */
export interface ProviderRequest {
  /**
   * Fitted to the model: parameters that it does not take are gone, defaults
   * are filled in, and reasoning parts of other providers are dropped.
   */
  readonly spec: GenerationSpec;
  readonly model: Model;
  /** `reasoning.effort` in the provider's own word; undefined: send none. */
  readonly effort: string | undefined;
  /** Ask the provider to stream. The events are the same either way. */
  readonly stream: boolean;
  /** The request's `provider_options` for this instance, to be merged into the body; fields the adapter sets win. */
  readonly options: JsonObject;
  /** From 1. */
  readonly attempt: number;
  /** The last message is the beginning of the answer: go on after it. */
  readonly continues: boolean;
  /** Longest time to get a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Longest wait behind a finish reason, in milliseconds: only counts and the end marker can follow. */
  readonly usageWaitMs: number;
  /** Extra headers of the HTTP request: trace context. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An adapter for one configured instance. */
export interface Provider {
  /**
   * Sends one request and yields what comes back; see `ProviderEvent`. If the provider refuses a
   * credential that has been replaced since, the request is sent once more with the new one.
   * Throws `GatewayError` and nothing else, except that after an abort it may
   * throw the signal's reason. It owns no timer: the caller limits the time by
   * `signal`, and an abort reaches the socket at once.
   */
  generate(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
  /**
   * The provider's own count of the input, by a call of its own that is not charged;
   * it fails as `generate` does. Undefined: it has no such call.
   */
  countInput?(request: ProviderRequest, signal: AbortSignal): Promise<number>;
  /**
   * Refuses options that the provider cannot take, before the call is admitted.
   * Only for options of our own making, and those that become a header: what a vendor takes, the
   * vendor decides. Throws INVALID_ARGUMENT.
   */
  checkOptions?(options: JsonObject): void;
  /** Closes pooled connections. */
  close(): Promise<void>;
}

/** An error of a provider in its own words, which can quote a request. */
export interface ErrorText {
  /** Undefined for an error inside an answer. */
  readonly status: number | undefined;
  readonly text: string;
}

/** What an adapter gets from the composition root. */
export interface ProviderContext {
  readonly clock: Clock;
  /** Takes the text of each error; unset: nobody may see it. */
  readonly onErrorText?: (error: ErrorText) => void;
  /** Reads the key of the instance again and throws if it cannot; unset: the key is not from a file. */
  readonly readApiKey?: () => string;
  /** Scripted faults are allowed (`faults.allow`). */
  readonly allowFaults: boolean;
}

/** What a provider folder exports to `registry.ts`. */
export interface ProviderType extends TypeFacts {
  /** A model with these facts of the wire takes the parameter, where its dialect carries it. */
  takes(parameter: Parameter, wire: JsonObject): boolean;
  /** Streams of a dialect report usage as its whole answers do, at this address. */
  reportsUsageInStreams(dialect: string, baseUrl: string): boolean;
  /** What a dialect takes at this address, of all models. */
  limits(dialect: string, baseUrl: string): WireLimits;
  /** What models of a dialect, with these facts of the wire, take back of what answers have added. */
  goesBack(dialect: string, wire: JsonObject): GoesBack;
  /** Every instance goes on after a last message of the assistant; else the operator says which do. */
  readonly prefill: boolean;
  /**
   * What of a request the model's dialect cannot carry; undefined: it can carry it all. Pure,
   * and asked before the first attempt, so that `generate` has nothing left to refuse.
   * `description` is a noun phrase such as "a part of type image in a tool result".
   */
  unsupported(spec: GenerationSpec, model: Model, options: JsonObject): FieldViolation | undefined;
  /** Imports the vendor's SDK, so it is called for configured instances only. */
  create(instance: ProviderInstance, context: ProviderContext): Promise<Provider>;
}
