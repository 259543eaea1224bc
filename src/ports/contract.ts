// The contract as doors of other APIs know it: its rules, its stored form and its events.
import type { StoredEvent } from "../domain/generation.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { StreamOptions } from "../domain/stream-options.ts";

/** A request of another API. */
export interface RequestOfApi {
  readonly spec: GenerationSpec;
  /** Fields of `GenerationSpec` in the contract's JSON, which stand in place of those of `spec`. */
  readonly wishes: JsonObject | undefined;
}

/** A request of another API, and whether its answer is to come as it is made. */
export interface StreamableRequest extends RequestOfApi {
  readonly isStream: boolean;
}

/** A request that satisfies the rules of the contract. */
export interface AcceptedSpec {
  readonly spec: GenerationSpec;
  /** The request as another replica could run it, with a note of the door's own. */
  readonly request: (note?: Uint8Array) => Uint8Array;
  /** What is asked for, as a hash. */
  readonly fingerprint: () => string;
}

export interface Contract {
  /**
   * Checks a request of another API by the rules of the contract. `options` undefined: the answer is whole. Throws
   * INVALID_ARGUMENT with the path of the field in the contract.
   */
  accept(request: RequestOfApi, options: StreamOptions | undefined): AcceptedSpec;
  decodeEvent(bytes: Uint8Array): StoredEvent;
  /** The note of a stored request, of which the first bytes are enough; undefined: it has none. */
  noteOf(request: Uint8Array): Uint8Array | undefined;
  /** The request of a stream; undefined if this version cannot read it. */
  decodeRequest(request: Uint8Array): GenerationSpec | undefined;
}
