// What `previous_response_id` stands for: the input and the output of a response that is stored here.
import { GatewayError } from "../../domain/gateway-error.ts";
import type { Message } from "../../domain/generation-spec.ts";
import type { DoorCall } from "../door.ts";
import { AnswerAssembler } from "../shared/answer-assembler.ts";
import type { KeptRequests } from "../shared/kept-requests.ts";
import { LoadTurns } from "../shared/load-turns.ts";
import type { ResponsesRequest } from "./decode-request.ts";
import { storedStreamOf } from "./encode-response.ts";
import { decodeRecord } from "./response-record.ts";

const FIELD = "previous_response_id";

/** The vendor's answer for a response that cannot be gone on with, whoever has it. */
export function previousNotFound(id: string, why = "not found"): GatewayError {
  const description = `Previous response with id '${id}' ${why}.`;
  return new GatewayError("validation", description, {
    reason: "PREVIOUS_RESPONSE_NOT_FOUND",
    violations: [{ field: FIELD, description }],
  });
}

/** The error as one about the field. What the store or another release is to blame for stays as it is. */
function ofField(error: unknown, id: string): unknown {
  if (!(error instanceof GatewayError)) return error;
  if (error.kind === "not-found") return previousNotFound(id);
  if (error.reason !== "REQUEST_TOO_LARGE") return error;
  return previousNotFound(id, "has a conversation that is longer than a request can be");
}

/**
 * Goes on with stored responses. The stored request of a response has the whole conversation before it, so that one step
 * leads to all of it, however many turns there were.
 */
export class Conversations {
  readonly #kept: KeptRequests;
  readonly #turns = new LoadTurns();

  constructor(kept: KeptRequests) {
    this.#kept = kept;
  }

  /**
   * The request with the conversation of its previous response before its own input. `instructions` are the request's
   * own. Rejects with INVALID_ARGUMENT, and with UNAVAILABLE where the store or another release is to blame.
   */
  async resolve(call: DoorCall, request: ResponsesRequest): Promise<ResponsesRequest> {
    const { previousId: id, spec, hasInstructions } = request;
    if (id === undefined) return request;
    const load = () => this.#load(call, id);
    const before = await this.#turns.run(call.caller.id, call.signal, load).catch((error) => {
      throw ofField(error, id);
    });
    const own = hasInstructions ? 1 : 0;
    const messages = [...spec.messages.slice(0, own), ...before, ...spec.messages.slice(own)];
    return { ...request, spec: { ...spec, messages } };
  }

  async #load(call: DoorCall, id: string): Promise<Message[]> {
    const streamId = storedStreamOf(id);
    if (streamId === undefined) throw previousNotFound(id);
    const { isRunning, note, spec } = await this.#kept.load(call, streamId);
    if (note === undefined) throw previousNotFound(id);
    const { hasInstructions } = decodeRecord(note);
    if (spec === undefined) throw previousNotFound(id);
    if (isRunning) throw previousNotFound(id, "has not ended");
    const answer = new AnswerAssembler();
    for await (const event of this.#kept.events(call, streamId)) {
      if (event.body.type === "error") throw previousNotFound(id, "has failed, or was cancelled");
      answer.observe(event);
    }
    const output = answer.message();
    const input = spec.messages.slice(hasInstructions ? 1 : 0);
    return output === undefined ? input : [...input, output];
  }
}
