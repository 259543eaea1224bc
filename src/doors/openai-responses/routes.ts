import { GatewayError } from "../../domain/gateway-error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { OpenStream } from "../../ports/gateway.ts";
import type { DoorAnswer, DoorCall, DoorRoute } from "../door.ts";
import type { DoorParts } from "../shared/door-parts.ts";
import { type DoorGenerations, type Keeping, restartable } from "../shared/generations.ts";
import { type Commit, commitOf } from "../shared/held-back.ts";
import type { KeptRequests } from "../shared/kept-requests.ts";
import { Conversations, previousNotFound } from "./conversations.ts";
import { decodeRequest, type ResponsesRequest } from "./decode-request.ts";
import { encodeAnswer } from "./encode-answer.ts";
import { encodeInput } from "./encode-input.ts";
import { storedStreamOf } from "./encode-response.ts";
import { HeldResponsesEncoder } from "./held-responses-encoder.ts";
import { itemPage } from "./item-page.ts";
import {
  decodeRecord,
  encodeRecord,
  MAX_RECORD_BYTES,
  type ResponseRecord,
  recordOf,
} from "./response-record.ts";
import { type ResponsesEncoder, ResponsesStreamEncoder } from "./responses-stream-encoder.ts";

/** Settings of stored responses. */
export interface ResponsesSettings {
  /** Whether responses are stored. */
  readonly store: boolean;
  /** Milliseconds for which an ended response is stored. */
  readonly retentionMs: number;
}

export interface ResponsesParts extends Pick<DoorParts, "generations" | "countInput"> {
  readonly kept: KeptRequests;
  readonly settings: ResponsesSettings;
}

const BASE = "/v1/responses";
const STORES_NONE = "is not stored: `doors.store` is off";

function operation(name: string, kind: "unary" | "server-stream" = "unary") {
  return { name: `openai.v1/${name}`, kind, audience: "callers" } as const;
}

function unknownResponse(): GatewayError {
  return new GatewayError("not-found", "no response has this identifier", {
    reason: "STREAM_NOT_FOUND",
  });
}

/** Routes of the Responses API. */
export class ResponsesRoutes {
  readonly #generations: DoorGenerations;
  readonly #countInput: ResponsesParts["countInput"];
  readonly #kept: KeptRequests;
  readonly #settings: ResponsesSettings;
  readonly #conversations: Conversations;

  constructor({ generations, countInput, kept, settings }: ResponsesParts) {
    this.#generations = generations;
    this.#countInput = countInput;
    this.#kept = kept;
    this.#settings = settings;
    this.#conversations = new Conversations(kept);
  }

  routes(): DoorRoute[] {
    return [
      {
        method: "POST",
        path: BASE,
        operation: operation("responses", "server-stream"),
        serve: (call, body) => this.#create(call, body),
      },
      {
        method: "GET",
        path: `${BASE}/{id}`,
        operation: operation("responses/{id}", "server-stream"),
        serve: (call) => this.#retrieve(call),
      },
      {
        method: "DELETE",
        path: `${BASE}/{id}`,
        operation: operation("responses/{id}/delete"),
        serve: (call) => this.#delete(call),
      },
      {
        method: "POST",
        path: `${BASE}/{id}/cancel`,
        operation: operation("responses/{id}/cancel"),
        serve: (call) => this.#cancel(call),
      },
      {
        method: "GET",
        path: `${BASE}/{id}/input_items`,
        operation: operation("responses/{id}/input_items"),
        serve: (call) => this.#inputItems(call),
      },
      {
        method: "POST",
        path: `${BASE}/input_tokens`,
        operation: operation("responses/input_tokens"),
        serve: (call, body) => this.#count(call, body),
      },
    ];
  }

  /** The request with its whole input. Rejects with INVALID_ARGUMENT. */
  async #decode(call: DoorCall, body: JsonObject): Promise<ResponsesRequest> {
    const { store } = this.#settings;
    const request = decodeRequest(body, call.header, store);
    const { previousId } = request;
    // The response may be stored by an earlier configuration.
    if (previousId !== undefined && !store) throw previousNotFound(previousId, STORES_NONE);
    return this.#conversations.resolve(call, request);
  }

  /** The stored stream of the path's response. Throws NOT_FOUND. */
  #streamIdOf({ params }: DoorCall): string {
    if (!this.#settings.store) {
      const message = `the response ${STORES_NONE}`;
      throw new GatewayError("not-found", message, { reason: "RESPONSES_NOT_STORED" });
    }
    const streamId = storedStreamOf(params["id"] ?? "");
    if (streamId === undefined) throw unknownResponse();
    return streamId;
  }

  async #create(call: DoorCall, body: JsonObject): Promise<DoorAnswer> {
    const request = await this.#decode(call, body);
    if (!request.isStream && !request.isStored) {
      const generation = await this.#generations.generate(call, request);
      return { type: "json", body: encodeAnswer(generation) };
    }
    const commit = commitOf(call.header);
    const stream = await this.#open(call, request, commit);
    // An earlier call began the replayed stream, possibly at a replica of another release.
    const record = stream.isReplayed ? await this.#recordOf(call, stream.streamId) : undefined;
    const encoder = encoderOf(record, 0, commit);
    if (request.isStream) return this.#streamed(call, stream, encoder);
    const response = request.isBackground
      ? await this.#begun(stream, encoder)
      : await this.#ended(call, stream, encoder);
    return { type: "json", body: response };
  }

  #open(
    call: DoorCall,
    request: ResponsesRequest,
    commit: Commit | undefined,
  ): Promise<OpenStream> {
    const isHeld = commit !== undefined;
    const asked = isHeld ? restartable(request) : request;
    return this.#generations.open(call, asked, this.#keepingOf(request, commit), isHeld);
  }

  #keepingOf(
    { isStored, isBackground, hasInstructions }: ResponsesRequest,
    commit: Commit | undefined,
  ): Keeping {
    if (!isStored) return { ephemeral: true, onDisconnect: "cancel" };
    return {
      ephemeral: false,
      onDisconnect: isBackground ? "continue" : "grace",
      retentionMs: this.#settings.retentionMs,
      note: (begun) => encodeRecord(recordOf(begun, { commit: commit ?? "none", hasInstructions })),
    };
  }

  /**
   * The record of a stream; undefined: the store has only its events. Rejects with UNAVAILABLE if another release wrote
   * the record.
   */
  async #recordOf(call: DoorCall, streamId: string): Promise<ResponseRecord | undefined> {
    const note = await this.#kept.noteOf(call, streamId, MAX_RECORD_BYTES);
    return note && decodeRecord(note);
  }

  #streamed(call: DoorCall, stream: OpenStream, encoder: ResponsesEncoder): DoorAnswer {
    const pieces = this.#generations.deliver(call, stream, encoder);
    return { type: "events", pieces, fail: (error) => encoder.fail(error) };
  }

  /** The response once its stream has begun; the stream goes on without this reader. */
  async #begun(stream: OpenStream, encoder: ResponsesEncoder): Promise<JsonObject> {
    for await (const event of this.#generations.events(stream)) {
      if (event !== undefined) encoder.encode(event);
      break;
    }
    return encoder.response;
  }

  /** The response once it has ended. Rejects where it has failed. */
  async #ended(call: DoorCall, stream: OpenStream, encoder: ResponsesEncoder) {
    for await (const _ of this.#generations.deliver(call, stream, encoder));
    return encoder.response;
  }

  async #retrieve(call: DoorCall): Promise<DoorAnswer> {
    const streamId = this.#streamIdOf(call);
    const isStream = call.query.get("stream") === "true";
    const from = isStream ? startingAfter(call.query) + 1 : 0;
    const record = await this.#recordOf(call, streamId);
    const stream = await this.#generations.resume(call, streamId);
    const encoder = encoderOf(record, from);
    if (isStream) return this.#streamed(call, stream, encoder);
    return { type: "json", body: await this.#state(stream, encoder) };
  }

  /** The current state of the response. */
  async #state(stream: OpenStream, encoder: ResponsesEncoder): Promise<JsonObject> {
    const { tail = 0 } = stream;
    try {
      for await (const event of this.#generations.events(stream)) {
        if (event === undefined) break;
        encoder.encode(event);
        if (event.sequence >= tail) break;
      }
    } catch (error) {
      // A failed response is still a response, so its state is the answer.
      if (!encoder.hasEnded) throw error;
    }
    return encoder.response;
  }

  async #cancel(call: DoorCall): Promise<DoorAnswer> {
    const streamId = this.#streamIdOf(call);
    // The record is read first: a response that cannot be shown must not be cancelled.
    const record = await this.#recordOf(call, streamId);
    await this.#generations.cancel(call, streamId);
    const stream = await this.#generations.resume(call, streamId);
    const encoder = encoderOf(record);
    return { type: "json", body: await this.#state(stream, encoder) };
  }

  async #delete(call: DoorCall): Promise<DoorAnswer> {
    await this.#generations.delete(call, this.#streamIdOf(call));
    const id = call.params["id"] ?? "";
    return { type: "json", body: { id, object: "response.deleted", deleted: true } };
  }

  /** All input of the response without `instructions`. Input by `previous_response_id` is included. */
  async #inputItems(call: DoorCall): Promise<DoorAnswer> {
    const { note, spec } = await this.#kept.load(call, this.#streamIdOf(call));
    if (note === undefined || spec === undefined) throw unknownResponse();
    const { seed, hasInstructions } = decodeRecord(note);
    const items = encodeInput(spec.messages.slice(hasInstructions ? 1 : 0), seed);
    return { type: "json", body: itemPage(items, call.query) };
  }

  async #count(call: DoorCall, given: JsonObject): Promise<DoorAnswer> {
    const { spec } = this.#generations.accept(call, await this.#decode(call, given));
    const { caller, signal, timeoutMs, telemetry } = call;
    const asked = { spec, caller: caller.id, signal, timeoutMs, telemetry };
    const { tokens } = await this.#countInput({ ...asked, method: "any" });
    const body = { object: "response.input_tokens", input_tokens: tokens };
    return { type: "json", body };
  }
}

/** `from`: number of the first event to send. `commit` is used if the response has no record. */
function encoderOf(
  record: ResponseRecord | undefined,
  from = 0,
  commit: Commit | "none" = "none",
): ResponsesEncoder {
  const held = record?.commit ?? commit;
  if (held === "none") return new ResponsesStreamEncoder(from, record);
  return new HeldResponsesEncoder(held, from, record);
}

/** Number of the last event that the reader has; -1: none. Throws INVALID_ARGUMENT. */
function startingAfter(query: URLSearchParams): number {
  const given = query.get("starting_after");
  if (given === null || given === "") return -1;
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new GatewayError("validation", "starting_after: must be a number of an event");
}
