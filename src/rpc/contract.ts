// The contract for doors of other APIs: what the messages of the RPCs are for the doors of the RPCs.
import type { Contract } from "../ports/contract.ts";
import { decodeStreamEvent } from "./decode-event.ts";

export function createContract(): Contract {
  return {
    accept: ({ spec, wishes }) => ({
      spec: { ...spec, ...(wishes as object) },
      request: () => new Uint8Array(),
      fingerprint: () => "",
    }),
    decodeEvent: decodeStreamEvent,
  };
}
