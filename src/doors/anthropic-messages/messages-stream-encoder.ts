// Encodes a stream as events of Anthropic's Messages API.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation, StoredEvent, StreamEventBody } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { anthropicError } from "../shared/anthropic-error.ts";
import { checkDiscard } from "../shared/check-discard.ts";
import { COMMENT, EventIds, eventText } from "../shared/event-stream.ts";
import { ownAnnotations } from "../shared/own-fields.ts";
import type { DiscardingEncoder } from "../shared/stream-encoder.ts";
import { ORIGIN } from "./decode-messages.ts";
import {
  encodeBlock,
  encodeEnd,
  encodeUsage,
  encodeWholeUsage,
  messageHead,
} from "./encode-answer.ts";

type BodyOf<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

export class MessagesStreamEncoder implements DiscardingEncoder {
  readonly #ids = new EventIds();
  readonly #requestId: string;
  #head: JsonObject = {};
  #isBegun = false;
  /** Open blocks by part. */
  readonly #open = new Map<number, number>();
  #blocks = 0;

  /** `requestId` names the call in an error of its stream. */
  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  encode(event: StoredEvent): string {
    this.#ids.at(event);
    const { body } = event;
    switch (body.type) {
      case "start":
        this.#head = messageHead(body.generationId, body.requestedModel);
        return "";
      case "text-delta":
        return body.text === "" ? "" : this.#text(body);
      case "reasoning-delta":
        return (
          this.#openBlock(body.partIndex, { type: "thinking", thinking: "", signature: "" }) +
          this.#delta(body.partIndex, { type: "thinking_delta", thinking: body.text })
        );
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
        throw body.failure.error;
      case "heartbeat":
        return this.heartbeat();
      default:
        return "";
    }
  }

  discard(): void {
    this.#isBegun = false;
    this.#open.clear();
    this.#blocks = 0;
  }

  /** A `ping` is valid only after the start of a message. Before it, a comment is sent. */
  heartbeat(): string {
    return this.#isBegun ? eventText("", { type: "ping" }, "ping") : COMMENT;
  }

  fail(error: GatewayError): string {
    return eventText("", anthropicError(error, this.#requestId), "error");
  }

  #event(type: string, data: JsonObject): string {
    return eventText(this.#ids.next(), { type, ...data }, type);
  }

  /** Only the last event has counts, because an estimate must not appear as a fact. */
  #begin(): string {
    if (this.#isBegun) return "";
    this.#isBegun = true;
    const message = {
      ...this.#head,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: encodeUsage(undefined),
    };
    return this.#event("message_start", { message });
  }

  #openBlock(partIndex: number, block: JsonObject): string {
    if (this.#open.has(partIndex)) return "";
    const index = this.#blocks++;
    this.#open.set(partIndex, index);
    return this.#begin() + this.#event("content_block_start", { index, content_block: block });
  }

  #delta(partIndex: number, delta: JsonObject): string {
    const index = this.#open.get(partIndex) ?? 0;
    return this.#event("content_block_delta", { index, delta });
  }

  #close(partIndex: number): string {
    const index = this.#open.get(partIndex);
    if (index === undefined) return "";
    this.#open.delete(partIndex);
    return this.#event("content_block_stop", { index });
  }

  #text({ partIndex, text }: BodyOf<"text-delta">): string {
    const opened = this.#openBlock(partIndex, { type: "text", text: "" });
    return opened + this.#delta(partIndex, { type: "text_delta", text });
  }

  #toolCall({ partIndex, id, name, argumentsFragment }: BodyOf<"tool-call-delta">): string {
    const block = { type: "tool_use", id: id ?? "", name: name ?? "", input: {} };
    const opened = this.#openBlock(partIndex, block);
    if (argumentsFragment === "") return opened;
    const delta = { type: "input_json_delta", partial_json: argumentsFragment };
    return opened + this.#delta(partIndex, delta);
  }

  #endPart({ partIndex, part }: BodyOf<"part-end">): string {
    const isOpen = this.#open.has(partIndex);
    if (!isOpen && part !== undefined) return this.#wholeBlock(partIndex, part);
    return (
      this.#signature(partIndex, part) + this.#citations(partIndex, part) + this.#close(partIndex)
    );
  }

  #signature(partIndex: number, part: Part | undefined): string {
    if (part?.type !== "reasoning" || part.signature.length === 0) return "";
    const signature = Buffer.from(part.signature).toString("utf8");
    return this.#delta(partIndex, { type: "signature_delta", signature });
  }

  #citations(partIndex: number, part: Part | undefined): string {
    const annotations = part?.type === "text" ? part.annotations : undefined;
    return ownAnnotations(annotations, ORIGIN.api)
      .map((citation) => this.#delta(partIndex, { type: "citations_delta", citation }))
      .join("");
  }

  /** A part without deltas: the vendor's own block, or one that arrives at once. */
  #wholeBlock(partIndex: number, part: Part): string {
    const block = encodeBlock(part);
    if (block === undefined) return "";
    if (part.type === "refusal") {
      return (
        this.#text({ type: "text-delta", partIndex, text: part.text }) + this.#close(partIndex)
      );
    }
    if (part.type === "provider") return this.#ownBlock(partIndex, block);
    if (part.type !== "reasoning" || part.redacted) {
      return this.#openBlock(partIndex, block) + this.#close(partIndex);
    }
    const opened = this.#openBlock(partIndex, { ...block, signature: "" });
    return opened + this.#signature(partIndex, part) + this.#close(partIndex);
  }

  /** A block of the vendor's own. The input of a call comes behind its start, as that of other calls. */
  #ownBlock(partIndex: number, block: JsonObject): string {
    const { type, input } = block;
    const isCall = typeof type === "string" && type.endsWith("tool_use") && isJsonObject(input);
    if (!isCall) return this.#openBlock(partIndex, block) + this.#close(partIndex);
    const delta = { type: "input_json_delta", partial_json: JSON.stringify(input) };
    const opened = this.#openBlock(partIndex, { ...block, input: {} });
    return opened + this.#delta(partIndex, delta) + this.#close(partIndex);
  }

  #complete(generation: Generation): string {
    const closed = [...this.#open.keys()].map((partIndex) => this.#close(partIndex));
    const delta = encodeEnd(generation);
    return [
      this.#begin(),
      ...closed,
      this.#event("message_delta", { delta, usage: encodeWholeUsage(generation) }),
      this.#event("message_stop", {}),
    ].join("");
  }
}
