// Requests that the store keeps for as long as the events of their streams, and what the streams have answered.
import { GatewayError } from "../../domain/gateway-error.ts";
import type { StoredEvent } from "../../domain/generation.ts";
import type { GenerationSpec } from "../../domain/generation-spec.ts";
import type { Contract } from "../../ports/contract.ts";
import type { Gateway } from "../../ports/gateway.ts";
import type { DoorCall } from "../door.ts";

export interface KeptRequestsOptions {
  readonly gateway: Pick<Gateway, "storedRequest" | "resumeStream">;
  readonly contract: Pick<Contract, "noteOf" | "decodeRequest" | "decodeEvent">;
  /** Most bytes of a request that is read whole. */
  readonly maxBytes: number;
}

/** What is kept of a stream beside its events. */
export interface KeptRequest {
  /** The generation goes on. */
  readonly isRunning: boolean;
  /** Undefined: no request with a note is kept. */
  readonly note: Uint8Array | undefined;
  /** Undefined: not kept, or this version cannot read it. */
  readonly spec: GenerationSpec | undefined;
}

/** Stored streams of the call's own caller. Everything rejects with `GatewayError`: NOT_FOUND for another caller's. */
export class KeptRequests {
  readonly #options: KeptRequestsOptions;

  constructor(options: KeptRequestsOptions) {
    this.#options = options;
  }

  /** The note of a stream, which has at most `maxBytes`; undefined: it has none. */
  async noteOf({ caller }: DoorCall, streamId: string, maxBytes: number) {
    const { gateway, contract } = this.#options;
    const { request } = await gateway.storedRequest(caller.id, streamId, maxBytes);
    return request && contract.noteOf(request);
  }

  /** Rejects with INVALID_ARGUMENT for a request of more bytes than are read. */
  async load({ caller }: DoorCall, streamId: string): Promise<KeptRequest> {
    const { gateway, contract, maxBytes } = this.#options;
    const { isRunning, request } = await gateway.storedRequest(caller.id, streamId, maxBytes + 1);
    if (request === undefined) return { isRunning, note: undefined, spec: undefined };
    if (request.length > maxBytes) {
      const message = `the stored request has more than ${maxBytes} bytes`;
      throw new GatewayError("validation", message, { reason: "REQUEST_TOO_LARGE" });
    }
    return {
      isRunning,
      note: contract.noteOf(request),
      spec: contract.decodeRequest(request),
    };
  }

  /** All events of a stream that has ended. Throws UNAVAILABLE if the store stops to give them. */
  async *events(call: DoorCall, streamId: string): AsyncGenerator<StoredEvent, void> {
    const { gateway, contract } = this.#options;
    const { caller, signal, timeoutMs } = call;
    const cursor = { sequence: 0, writer: 0 };
    const asked = { caller: caller.id, streamId, cursor, signal, timeoutMs };
    const { deliveries } = await gateway.resumeStream(asked);
    for await (const delivery of deliveries) {
      if (delivery.type === "heartbeat") {
        throw new GatewayError("state-unavailable", "the store does not give the events");
      }
      for (const bytes of delivery.events) yield contract.decodeEvent(bytes);
    }
  }
}
