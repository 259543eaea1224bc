// Encodes a stream as chunks of Chat Completions.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation, StoredEvent, StreamEventBody } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import { checkDiscard } from "../shared/check-discard.ts";
import { COMMENT, EventIds, eventText } from "../shared/event-stream.ts";
import { openAiError } from "../shared/openai-error.ts";
import { ownAnnotations, ownMetadata } from "../shared/own-fields.ts";
import type { DiscardingEncoder } from "../shared/stream-encoder.ts";
import { ORIGIN } from "./decode-messages.ts";
import {
  answerFields,
  audioOf,
  callFields,
  completionId,
  encodeLogprobs,
  encodeUsage,
  finishWord,
  messageFields,
} from "./encode-answer.ts";

type BodyOf<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

const DONE = "[DONE]";

export class ChatStreamEncoder implements DiscardingEncoder {
  readonly #ids = new EventIds();
  #head: JsonObject = {};
  /** The text of a chunk before its choice. */
  #start = '{"choices":[';
  /** Whether the chunk with the role was sent. */
  #isBegun = false;
  /** Indices of tool calls, by part. */
  readonly #calls = new Map<number, number>();

  encode(event: StoredEvent): string {
    this.#ids.at(event);
    const { body } = event;
    switch (body.type) {
      case "start":
        this.#head = {
          id: completionId(body.generationId),
          object: "chat.completion.chunk",
          created: Math.floor(body.createTimeMs / 1_000),
          model: body.requestedModel,
        };
        this.#start = `${JSON.stringify(this.#head).slice(0, -1)},"choices":[`;
        return "";
      case "text-delta":
        return this.#text(body);
      case "reasoning-delta":
        return this.#delta({ reasoning_content: body.text });
      case "tool-call-delta":
        return this.#toolCall(body);
      case "part-end":
        return body.part === undefined ? "" : this.#endPart(body.partIndex, body.part);
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
    this.#calls.clear();
  }

  heartbeat(): string {
    return COMMENT;
  }

  /** No `[DONE]` follows an error, because the answer has no regular end. */
  fail(error: GatewayError): string {
    return eventText("", { error: openAiError(error) });
  }

  #chunk(choices: JsonObject[], more: JsonObject = {}): string {
    return eventText(this.#ids.next(), { ...more, ...this.#head, choices });
  }

  /** A chunk of the answer. All but the delta is the same in nearly all of them. */
  #choice(delta: JsonObject, logprobs: JsonObject | null = null): string {
    const after = logprobs === null ? "null" : JSON.stringify(logprobs);
    const choice = `{"index":0,"delta":${JSON.stringify(delta)},"logprobs":${after},"finish_reason":null}`;
    return eventText(this.#ids.next(), `${this.#start}${choice}]}`);
  }

  /** The first chunk contains the role. Without it, clients do not recognise the message. */
  #begin(): string {
    if (this.#isBegun) return "";
    this.#isBegun = true;
    return this.#choice({ role: "assistant", content: "" });
  }

  #delta(delta: JsonObject, logprobs: JsonObject | null = null): string {
    return this.#begin() + this.#choice(delta, logprobs);
  }

  #text({ text, logprobs }: BodyOf<"text-delta">): string {
    return this.#delta({ content: text }, logprobs === undefined ? null : encodeLogprobs(logprobs));
  }

  #toolCall({ partIndex, id, name, argumentsFragment }: BodyOf<"tool-call-delta">): string {
    const known = this.#calls.get(partIndex);
    const index = known ?? this.#calls.size;
    this.#calls.set(partIndex, index);
    const called = { arguments: argumentsFragment };
    if (known !== undefined) return this.#delta({ tool_calls: [{ index, function: called }] });
    const first = {
      index,
      id: id ?? "",
      type: "function",
      function: { name: name ?? "", ...called },
    };
    return this.#delta({ tool_calls: [first] });
  }

  /** What is known of a part at its end alone. */
  #endPart(partIndex: number, part: Part): string {
    switch (part.type) {
      case "refusal":
        return this.#delta({ refusal: part.text });
      case "text": {
        const annotations = ownAnnotations(part.annotations, ORIGIN.api);
        return annotations.length === 0 ? "" : this.#delta({ annotations });
      }
      case "tool-call": {
        const index = this.#calls.get(partIndex);
        const own = callFields(part);
        const isNone = index === undefined || Object.keys(own).length === 0;
        return isNone ? "" : this.#delta({ tool_calls: [{ index, ...own }] });
      }
      default: {
        const audio = audioOf(part);
        return audio === undefined ? "" : this.#delta({ audio });
      }
    }
  }

  #complete(generation: Generation): string {
    const { usage, message } = generation;
    const metadata = ownMetadata(generation, ORIGIN.api);
    const { top, choice, refusalLogprobs } = answerFields(metadata);
    const logprobs = refusalLogprobs === undefined ? null : { refusal: refusalLogprobs };
    const own = messageFields(message, metadata);
    const end = { ...choice, index: 0, delta: {}, logprobs, finish_reason: finishWord(generation) };
    return [
      this.#begin(),
      Object.keys(own).length === 0 ? "" : this.#choice(own),
      this.#chunk([end], top),
      usage === undefined ? "" : this.#chunk([], { ...top, usage: encodeUsage(usage, metadata) }),
      eventText(this.#ids.next(), DONE),
    ].join("");
  }
}
