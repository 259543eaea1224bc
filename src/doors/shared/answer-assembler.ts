import type { StoredEvent, StreamEventBody } from "../../domain/generation.ts";
import type { Message, Part } from "../../domain/generation-spec.ts";

type BodyOf<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

/** Token probabilities are for answers alone, and an empty text is no part of a request. */
function asInput(part: Part): Part[] {
  if (part.type !== "text") return [part];
  const { logprobs: _, ...text } = part;
  return text.text === "" ? [] : [text];
}

/** Builds the message of an answer from the events of its stream, also of one that was too long to be kept whole. */
export class AnswerAssembler {
  /** The text of each part's deltas. */
  #texts: string[] = [];
  #parts: Part[] = [];
  #message: Message | undefined;

  observe({ body }: StoredEvent): void {
    switch (body.type) {
      case "text-delta":
      case "reasoning-delta":
        return this.#append(body.partIndex, body.text);
      case "tool-call-delta":
        return this.#append(body.partIndex, body.argumentsFragment);
      case "part-end":
        return this.#end(body);
      case "attempt-notice":
        if (!body.notice.discardOutput) return;
        this.#texts = [];
        this.#parts = [];
        return;
      case "complete":
        this.#message = this.#messageOf(body);
        return;
      default:
    }
  }

  /** The answer as a message of the next request; undefined: it has not ended well, or there is nothing of it. */
  message(): Message | undefined {
    const message = this.#message;
    const parts = message?.parts.flatMap(asInput) ?? [];
    return message === undefined || parts.length === 0 ? undefined : { ...message, parts };
  }

  #append(index: number, text: string): void {
    this.#texts[index] = (this.#texts[index] ?? "") + text;
  }

  #end({ partIndex, part, isShort }: BodyOf<"part-end">): void {
    const text = this.#texts[partIndex] ?? "";
    if (part === undefined) this.#parts[partIndex] = { type: "text", text };
    else this.#parts[partIndex] = isShort === true ? withText(part, text) : part;
  }

  #messageOf({ generation: { message }, message: kept }: BodyOf<"complete">): Message {
    if (kept !== "omitted" && message !== undefined) return message;
    return {
      role: "assistant",
      ...message,
      parts: this.#parts.filter((part) => part !== undefined),
    };
  }
}

function withText(part: Part, text: string): Part {
  switch (part.type) {
    case "tool-call":
      return { ...part, argumentsJson: text };
    case "text":
    case "refusal":
    case "reasoning":
      return { ...part, text };
    default:
      return part;
  }
}
