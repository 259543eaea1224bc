import { GatewayError, invalidField } from "../../domain/gateway-error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { OpenStream } from "../../ports/gateway.ts";
import type { DoorAnswer, DoorCall, DoorRoute } from "../door.ts";
import type { DoorParts } from "../shared/door-parts.ts";
import type { DoorGenerations } from "../shared/generations.ts";
import { decodeRequest, type ResponsesRequest } from "./decode-request.ts";
import { encodeAnswer } from "./encode-answer.ts";
import { storedStreamOf } from "./encode-response.ts";
import { ResponsesStreamEncoder } from "./responses-stream-encoder.ts";

type ResponsesParts = Pick<DoorParts, "generations" | "countInput">;

const BASE = "/v1/responses";

function operation(name: string, kind: "unary" | "server-stream" = "unary") {
  return { name: `openai.v1/${name}`, kind, audience: "callers" } as const;
}

/** The stored stream of the path's response. Throws NOT_FOUND. */
function streamIdOf({ params }: DoorCall): string {
  const streamId = storedStreamOf(params["id"] ?? "");
  if (streamId !== undefined) return streamId;
  throw new GatewayError("not-found", "no response has this identifier", {
    reason: "STREAM_NOT_FOUND",
  });
}

/** Routes of the Responses API. */
export class ResponsesRoutes {
  readonly #generations: DoorGenerations;
  readonly #countInput: ResponsesParts["countInput"];

  constructor({ generations, countInput }: ResponsesParts) {
    this.#generations = generations;
    this.#countInput = countInput;
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
        method: "POST",
        path: `${BASE}/input_tokens`,
        operation: operation("responses/input_tokens"),
        serve: (call, body) => this.#count(call, body),
      },
    ];
  }

  async #create(call: DoorCall, body: JsonObject): Promise<DoorAnswer> {
    const request = decodeRequest(body, call.header);
    if (!request.isStream && !request.isStored) {
      const generation = await this.#generations.generate(call, request);
      return { type: "json", body: encodeAnswer(generation) };
    }
    if (call.header("x-steer-commit") !== undefined) throw heldBack();
    const encoder = new ResponsesStreamEncoder();
    const stream = await this.#open(call, request);
    if (request.isStream) return this.#streamed(call, stream, encoder);
    const response = request.isBackground
      ? await this.#begun(stream, encoder)
      : await this.#ended(call, stream, encoder);
    return { type: "json", body: response };
  }

  #open(call: DoorCall, request: ResponsesRequest): Promise<OpenStream> {
    const { isStored, isBackground } = request;
    const kept = isBackground ? "continue" : "grace";
    return this.#generations.open(call, request, {
      ephemeral: !isStored,
      onDisconnect: isStored ? kept : "cancel",
    });
  }

  #streamed(call: DoorCall, stream: OpenStream, encoder: ResponsesStreamEncoder): DoorAnswer {
    const pieces = this.#generations.deliver(call, stream, encoder);
    return { type: "events", pieces, fail: (error) => encoder.fail(error) };
  }

  /** The response once its stream has begun; the stream goes on without this reader. */
  async #begun(stream: OpenStream, encoder: ResponsesStreamEncoder): Promise<JsonObject> {
    for await (const event of this.#generations.events(stream)) {
      if (event !== undefined) encoder.encode(event);
      break;
    }
    return encoder.response;
  }

  /** The response once it has ended. Rejects where it has failed. */
  async #ended(call: DoorCall, stream: OpenStream, encoder: ResponsesStreamEncoder) {
    for await (const _ of this.#generations.deliver(call, stream, encoder));
    return encoder.response;
  }

  async #retrieve(call: DoorCall): Promise<DoorAnswer> {
    const stream = await this.#generations.resume(call, streamIdOf(call));
    if (call.query.get("stream") === "true") {
      const encoder = new ResponsesStreamEncoder(startingAfter(call.query) + 1);
      return this.#streamed(call, stream, encoder);
    }
    const encoder = new ResponsesStreamEncoder();
    return { type: "json", body: await this.#state(stream, encoder) };
  }

  /** The response as it stands now. */
  async #state(stream: OpenStream, encoder: ResponsesStreamEncoder): Promise<JsonObject> {
    const { tail = 0 } = stream;
    try {
      for await (const event of this.#generations.events(stream)) {
        if (event === undefined) break;
        encoder.encode(event);
        if (event.sequence >= tail) break;
      }
    } catch (error) {
      // A response that has failed is told as one that is there.
      if (!encoder.hasEnded) throw error;
    }
    return encoder.response;
  }

  async #cancel(call: DoorCall): Promise<DoorAnswer> {
    const streamId = streamIdOf(call);
    await this.#generations.cancel(call, streamId);
    const stream = await this.#generations.resume(call, streamId);
    const encoder = new ResponsesStreamEncoder();
    return { type: "json", body: await this.#state(stream, encoder) };
  }

  async #delete(call: DoorCall): Promise<DoorAnswer> {
    await this.#generations.delete(call, streamIdOf(call));
    const id = call.params["id"] ?? "";
    return { type: "json", body: { id, object: "response.deleted", deleted: true } };
  }

  async #count(call: DoorCall, given: JsonObject): Promise<DoorAnswer> {
    const { spec } = this.#generations.accept(call, decodeRequest(given, call.header));
    const { caller, signal, timeoutMs, telemetry } = call;
    const asked = { spec, caller: caller.id, signal, timeoutMs, telemetry };
    const { tokens } = await this.#countInput({ ...asked, method: "any" });
    const body = { object: "response.input_tokens", input_tokens: tokens };
    return { type: "json", body };
  }
}

/** The numbers of its events are those of every reader, whatever was held back of them. */
function heldBack(): GatewayError {
  return invalidField("x-steer-commit", "is served by Chat Completions and Messages alone");
}

/** Number of the last event that the reader has; -1: none. Throws INVALID_ARGUMENT. */
function startingAfter(query: URLSearchParams): number {
  const given = query.get("starting_after");
  if (given === null || given === "") return -1;
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new GatewayError("validation", "starting_after: must be a number of an event");
}
