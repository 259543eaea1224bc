// Encodes a stream as chunks of Chat Completions.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { Generation, StoredEvent, StreamEventBody } from "../../domain/generation.ts";
import type { JsonObject } from "../../domain/json.ts";
import { checkDiscard } from "../shared/check-discard.ts";
import { COMMENT, EventIds, eventText } from "../shared/event-stream.ts";
import { openAiError } from "../shared/openai-error.ts";
import type { DiscardingEncoder } from "../shared/stream-encoder.ts";
import { completionId, encodeLogprobs, encodeUsage, finishWord } from "./encode-answer.ts";

type BodyOf<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

const DONE = "[DONE]";

export class ChatStreamEncoder implements DiscardingEncoder {
  readonly #ids = new EventIds();
  #head: JsonObject = {};
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
        return "";
      case "text-delta":
        return this.#text(body);
      case "reasoning-delta":
        return this.#delta({ reasoning_content: body.text });
      case "tool-call-delta":
        return this.#toolCall(body);
      case "part-end":
        return body.part?.type === "refusal" ? this.#delta({ refusal: body.part.text }) : "";
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
    return eventText(this.#ids.next(), { ...this.#head, choices, ...more });
  }

  #choice(delta: JsonObject, finish: string | null = null, logprobs: JsonObject | null = null) {
    return this.#chunk([{ index: 0, delta, logprobs, finish_reason: finish }]);
  }

  /** The first chunk contains the role. Without it, clients do not recognise the message. */
  #begin(): string {
    if (this.#isBegun) return "";
    this.#isBegun = true;
    return this.#choice({ role: "assistant", content: "" });
  }

  #delta(delta: JsonObject, logprobs: JsonObject | null = null): string {
    return this.#begin() + this.#choice(delta, null, logprobs);
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

  #complete({ finishReason, usage }: Generation): string {
    return [
      this.#begin(),
      this.#choice({}, finishWord(finishReason)),
      usage === undefined ? "" : this.#chunk([], { usage: encodeUsage(usage) }),
      eventText(this.#ids.next(), DONE),
    ].join("");
  }
}
