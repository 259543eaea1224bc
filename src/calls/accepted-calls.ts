import type { GatewayError } from "../domain/gateway-error.ts";
import { LiveList } from "../domain/live-list.ts";
import type { Call } from "./call.ts";
import type { Interceptor } from "./interceptor.ts";

interface AcceptedCall {
  readonly call: Call;
  readonly end: (error: GatewayError) => void;
}

/** The running calls of each caller, so that the calls of a removed caller can be ended. */
export class AcceptedCalls implements Interceptor {
  readonly #calls = new LiveList<AcceptedCall>();

  accept(call: Call, end: (error: GatewayError) => void): () => void {
    return this.#calls.add({ call, end });
  }

  /** Ends all calls that `isMeant` selects, by their caller and the key that was made at run time, with this error. */
  endOf(isMeant: (caller: string, key: string | undefined) => boolean, error: GatewayError): void {
    for (const { call, end } of this.#calls.values()) {
      if (isMeant(call.caller.id, call.caller.key)) end(error);
    }
  }
}
