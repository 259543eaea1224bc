import type { GatewayError } from "../domain/gateway-error.ts";
import type { Call } from "./call.ts";
import type { Interceptor } from "./interceptor.ts";

/** The running calls of each caller, so that the calls of a removed caller can be ended. */
export class AcceptedCalls implements Interceptor {
  readonly #calls = new Map<Call, (error: GatewayError) => void>();

  accept(call: Call, end: (error: GatewayError) => void): () => void {
    this.#calls.set(call, end);
    return () => void this.#calls.delete(call);
  }

  /** Ends all calls that `isMeant` selects, by their caller and the key that was made at run time, with this error. */
  endOf(isMeant: (caller: string, key: string | undefined) => boolean, error: GatewayError): void {
    for (const [{ caller }, end] of this.#calls) {
      if (isMeant(caller.id, caller.key)) end(error);
    }
  }
}
