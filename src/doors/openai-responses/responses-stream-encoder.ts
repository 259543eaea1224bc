// Encodes a stream as events of the Responses API. The events depend only on the log's events and the record of the
// response, so all readers at all replicas receive equal bytes.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation, StoredEvent, StreamEventBody } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import { checkDiscard } from "../shared/check-discard.ts";
import { EventIds, eventText } from "../shared/event-stream.ts";
import { openAiError } from "../shared/openai-error.ts";
import type { StreamEncoder } from "../shared/stream-encoder.ts";
import {
  annotationsOf,
  callItem,
  encodeLogprobs,
  itemFields,
  messageItem,
  ownItem,
  reasoningItem,
  refusalContent,
  textContent,
} from "./encode-items.ts";
import { encodeEnded, encodeFailed, encodeResponse, type ResponseHead } from "./encode-response.ts";
import { type OutputItem, summaryPlace } from "./output-item.ts";
import { type ResponseRecord, recordOf } from "./response-record.ts";

type BodyOf<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

/** Encodes the events of a response and the response itself. */
export interface ResponsesEncoder extends StreamEncoder {
  /** The current state of the response. */
  readonly response: JsonObject;
  /** Whether the response has ended. */
  readonly hasEnded: boolean;
}

export class ResponsesStreamEncoder implements ResponsesEncoder {
  readonly #ids = new EventIds();
  #head: ResponseHead = { record: { seed: "", createdAt: 0 }, model: "" };
  #number = 0;
  #isBegun = false;
  /** The current state of each output item, in order. */
  readonly #output: JsonObject[] = [];
  /** Unfinished items by the index of their part. */
  readonly #open = new Map<number, OutputItem>();
  /** The message item of the next text. */
  #message: OutputItem | undefined;
  /** The last response object; undefined: the response has not ended. */
  #ended: JsonObject | undefined;

  readonly #from: number;
  readonly #record: ResponseRecord | undefined;

  /**
   * `from`: number of the first event to send. Earlier events are numbered and left out. If `record` is undefined, the
   * first event supplies the record.
   */
  constructor(from = 0, record?: ResponseRecord) {
    this.#from = from;
    this.#record = record;
  }

  /** The current state of the response. */
  get response(): JsonObject {
    if (this.#ended !== undefined) return this.#ended;
    return encodeResponse(this.#head, this.#isBegun ? "in_progress" : "queued", this.#output);
  }

  /** Whether the response has ended. */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  encode(event: StoredEvent): string {
    this.#ids.at(event);
    const { body } = event;
    switch (body.type) {
      case "start": {
        this.#head = { record: this.#record ?? recordOf(body), model: body.requestedModel };
        return "";
      }
      case "text-delta":
        return body.text === "" ? "" : this.#text(body);
      case "reasoning-delta":
        return this.#reasoning(body);
      case "tool-call-delta":
        return this.#toolCall(body);
      case "part-end":
        return this.#endPart(body);
      case "attempt-notice":
        checkDiscard(body.notice, this.#isBegun);
        return "";
      case "complete":
        return this.#complete(body.generation);
      case "error":
        this.#ended = encodeFailed(this.#head, this.#output, body.failure.error);
        throw body.failure.error;
      case "heartbeat":
        return this.heartbeat();
      default:
        return "";
    }
  }

  /** An event without a number: comments do not reset the idle timers of coding agents. */
  heartbeat(): string {
    return this.#isBegun ? eventText("", { type: "keepalive" }, "keepalive") : ": keep-alive\n\n";
  }

  /** Both events are sent, because some clients handle only `error` and others only `response.failed`. */
  fail(error: GatewayError): string {
    const { message, code, param, type } = openAiError(error);
    const flat = { code: code ?? null, message: message ?? "", param: param ?? null };
    const response = encodeFailed(this.#head, this.#output, error);
    return (
      this.#event("error", { ...flat, error: { type: type ?? "", ...flat } }) +
      this.#event("response.failed", { response })
    );
  }

  #event(type: string, data: JsonObject): string {
    const id = this.#ids.next();
    const sequence_number = this.#number++;
    if (sequence_number < this.#from) return "";
    return eventText(id, { type, sequence_number, ...data }, type);
  }

  #begin(): string {
    if (this.#isBegun) return "";
    this.#isBegun = true;
    const response = encodeResponse(this.#head, "in_progress", []);
    return (
      this.#event("response.created", { response }) +
      this.#event("response.in_progress", { response })
    );
  }

  #item(kind: OutputItem["kind"], prefix: string, callId = "", name = ""): OutputItem {
    const output = this.#output.length;
    const id = `${prefix}_${this.#head.record.seed}_${output}`;
    return { id, output, kind, content: [], callId, name, text: "", logprobs: [], own: {} };
  }

  #added(item: OutputItem, encoded: JsonObject): string {
    this.#output.push(encoded);
    return this.#event("response.output_item.added", { output_index: item.output, item: encoded });
  }

  #done(item: OutputItem, encoded: JsonObject): string {
    this.#output[item.output] = encoded;
    return this.#event("response.output_item.done", { output_index: item.output, item: encoded });
  }

  /** Position of an event of a content part. */
  #place({ id, output, content }: OutputItem): JsonObject {
    return { item_id: id, output_index: output, content_index: content.length };
  }

  #openMessage(): string {
    if (this.#message !== undefined) return "";
    this.#message = this.#item("message", "msg");
    return this.#added(this.#message, messageItem(this.#message.id, [], "in_progress"));
  }

  #closeMessage(): string {
    const item = this.#message;
    if (item === undefined) return "";
    this.#message = undefined;
    return this.#done(item, messageItem(item.id, item.content, "completed", item.own));
  }

  #text({ partIndex, text, logprobs }: BodyOf<"text-delta">): string {
    let opened = "";
    if (!this.#open.has(partIndex)) {
      opened = this.#begin() + this.#openMessage();
      const item = this.#message;
      if (item !== undefined) {
        item.text = "";
        item.logprobs = [];
        this.#open.set(partIndex, item);
        opened += this.#event("response.content_part.added", {
          ...this.#place(item),
          part: textContent(""),
        });
      }
    }
    const item = this.#open.get(partIndex);
    if (item === undefined) return opened;
    item.text += text;
    const tokens = encodeLogprobs(logprobs);
    item.logprobs.push(...tokens);
    const delta = { ...this.#place(item), delta: text, logprobs: tokens };
    return opened + this.#event("response.output_text.delta", delta);
  }

  #reasoning({ partIndex, text }: BodyOf<"reasoning-delta">): string {
    let opened = "";
    let item = this.#open.get(partIndex);
    if (item === undefined) {
      opened = this.#begin() + this.#closeMessage();
      item = this.#item("reasoning", "rs");
      this.#open.set(partIndex, item);
      const none = { text: "", signature: new Uint8Array() };
      opened += this.#added(item, reasoningItem(item.id, none, "in_progress"));
      opened += this.#event("response.reasoning_summary_part.added", {
        ...summaryPlace(item),
        part: { type: "summary_text", text: "" },
      });
    }
    item.text += text;
    const delta = { ...summaryPlace(item), delta: text };
    return opened + this.#event("response.reasoning_summary_text.delta", delta);
  }

  #toolCall({ partIndex, id, name, argumentsFragment }: BodyOf<"tool-call-delta">): string {
    let opened = "";
    let item = this.#open.get(partIndex);
    if (item === undefined) {
      opened = this.#begin() + this.#closeMessage();
      item = this.#item("call", "fc", id, name);
      this.#open.set(partIndex, item);
      opened += this.#added(item, this.#call(item, "in_progress"));
    }
    if (argumentsFragment === "") return opened;
    item.text += argumentsFragment;
    return (
      opened +
      this.#event("response.function_call_arguments.delta", {
        item_id: item.id,
        output_index: item.output,
        delta: argumentsFragment,
      })
    );
  }

  #call(
    { id, callId, name, text, own }: OutputItem,
    status: "in_progress" | "completed",
  ): JsonObject {
    return callItem(id, { id: callId, name, argumentsJson: text }, status, own);
  }

  #endPart({ partIndex, part }: BodyOf<"part-end">): string {
    const item = this.#open.get(partIndex);
    this.#open.delete(partIndex);
    if (item === undefined) return part === undefined ? "" : this.#wholePart(part);
    switch (item.kind) {
      case "message":
        return this.#endText(item, part);
      case "reasoning":
        return this.#endReasoning(item, part);
      case "call":
        return this.#endCall(item, part);
    }
  }

  #endText(item: OutputItem, ended: Part | undefined): string {
    const { text, logprobs } = item;
    const place = this.#place(item);
    const annotations = annotationsOf(ended);
    const part = textContent(text, annotations, logprobs);
    item.own = { ...item.own, ...itemFields(ended) };
    item.content.push(part);
    const added = annotations.map((annotation, annotation_index) =>
      this.#event("response.output_text.annotation.added", {
        ...place,
        annotation_index,
        annotation,
      }),
    );
    return [
      ...added,
      this.#event("response.output_text.done", { ...place, text, logprobs }),
      this.#event("response.content_part.done", { ...place, part }),
    ].join("");
  }

  #endReasoning(item: OutputItem, part: Part | undefined): string {
    const { text } = item;
    const none = { signature: new Uint8Array() };
    const whole = { ...(part?.type === "reasoning" ? part : none), text };
    const place = summaryPlace(item);
    return (
      this.#event("response.reasoning_summary_text.done", { ...place, text }) +
      this.#event("response.reasoning_summary_part.done", {
        ...place,
        part: { type: "summary_text", text },
      }) +
      this.#done(item, reasoningItem(item.id, whole, "completed"))
    );
  }

  #endCall(item: OutputItem, part: Part | undefined): string {
    item.own = itemFields(part);
    return (
      this.#event("response.function_call_arguments.done", {
        item_id: item.id,
        output_index: item.output,
        name: item.name,
        arguments: item.text,
      }) + this.#done(item, this.#call(item, "completed"))
    );
  }

  /** The events of a part without deltas. */
  #wholePart(part: Part): string {
    if (part.type === "refusal") return this.#refusal(part.text);
    const encoded =
      part.type === "provider"
        ? ownItem(part)
        : part.type === "reasoning"
          ? reasoningItem(this.#item("reasoning", "rs").id, part, "completed")
          : undefined;
    if (encoded === undefined) return "";
    const opened = this.#begin() + this.#closeMessage();
    const item = this.#item("reasoning", "rs");
    return opened + this.#added(item, encoded) + this.#done(item, encoded);
  }

  #refusal(refusal: string): string {
    const opened = this.#begin() + this.#openMessage();
    const item = this.#message;
    if (item === undefined) return opened;
    const place = this.#place(item);
    const part = refusalContent(refusal);
    const events = [
      opened,
      this.#event("response.content_part.added", { ...place, part: refusalContent("") }),
      this.#event("response.refusal.delta", { ...place, delta: refusal }),
      this.#event("response.refusal.done", { ...place, refusal }),
      this.#event("response.content_part.done", { ...place, part }),
    ];
    item.content.push(part);
    return events.join("");
  }

  #complete(generation: Generation): string {
    const begun = this.#begin();
    const ended = [...this.#open.keys()].map((partIndex) =>
      this.#endPart({ type: "part-end", partIndex }),
    );
    const closed = this.#closeMessage();
    const response = encodeEnded(this.#head, this.#output, generation);
    this.#ended = response;
    const type = `response.${String(response["status"])}`;
    return [begun, ...ended, closed, this.#event(type, { response })].join("");
  }
}
