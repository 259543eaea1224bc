import { StoreUnavailable } from "./store-unavailable.ts";

/**
 * `cluster`: the server does not serve the slot of Steer's keys, or the URL does not fit a cluster. `sentinel`: the
 * Sentinels name no server, or the URL names no Sentinels. `version`: the server has no functions.
 */
export type StoreProblemCode = "cluster" | "sentinel" | "version";

/** An outage with a known cause. The message is a sentence for the operator, without secrets. */
export class StoreProblem extends StoreUnavailable {
  readonly code: StoreProblemCode;
  /** No waiting resolves the problem: the configuration or the server must be changed. */
  readonly isFinal: boolean;

  /** `evidence`: the code of the error, or "". */
  constructor(code: StoreProblemCode, isFinal: boolean, message: string, evidence = "") {
    super("not-applied", message, { cause: code, code: evidence });
    this.code = code;
    this.isFinal = isFinal;
  }
}
