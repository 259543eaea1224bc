import { StoreUnavailable } from "./store-unavailable.ts";

/**
 * `cluster`: it does not serve the slot of Steer's keys, or the URL does not fit to a cluster.
 * `sentinel`: the Sentinels name no server, or the URL is not that of Sentinels.
 * `version`: the server has no functions.
 */
export type StoreProblemCode = "cluster" | "sentinel" | "version";

/** An outage whose cause is known; the message is a sentence for the operator, without secrets. */
export class StoreProblem extends StoreUnavailable {
  readonly code: StoreProblemCode;
  /** No waiting ends it: the configuration or the server has to be changed. */
  readonly isFinal: boolean;

  /** `evidence`: the code of what was said; "" without one. */
  constructor(code: StoreProblemCode, isFinal: boolean, message: string, evidence = "") {
    super("not-applied", message, { cause: code, code: evidence });
    this.code = code;
    this.isFinal = isFinal;
  }
}
