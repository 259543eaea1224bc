import { countCodePoints } from "../domain/count-code-points.ts";
import type { Message, Part } from "../domain/generation-spec.ts";
import type { PartAdditions, ProviderData, TokenLogprob } from "../domain/provider-data.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";

type OpenPart =
  | { readonly type: "text"; text: string; logprobs?: TokenLogprob[] }
  | { readonly type: "reasoning"; text: string }
  | { readonly type: "refusal"; text: string }
  | {
      readonly type: "tool-call";
      readonly id: string;
      readonly name: string;
      text: string;
    };

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Builds the final message of one attempt from its deltas. */
export class MessageAssembler {
  readonly #providerType: string;
  readonly #open: (OpenPart | undefined)[] = [];
  readonly #closed: (Part | undefined)[] = [];
  readonly #additions: (PartAdditions | undefined)[] = [];
  #messageData: ProviderData | undefined;
  /** Parts whose text ends with the first half of a surrogate pair. */
  readonly #halves = new Set<number>();
  #codePoints = 0;

  /** `providerType`: the type that signs reasoning parts. */
  constructor(providerType: string) {
    this.#providerType = providerType;
  }

  observe(event: ProviderEvent): void {
    switch (event.type) {
      case "text-delta":
        this.#countText(event.partIndex, event.text);
        this.#append(event.partIndex, "text", event.text);
        if (event.logprobs !== undefined) this.#appendLogprobs(event.partIndex, event.logprobs);
        return;
      case "reasoning-delta":
        return this.#append(event.partIndex, "reasoning", event.text);
      case "refusal-delta":
        return this.#append(event.partIndex, "refusal", event.text);
      case "tool-call-delta":
        return this.#appendArguments(event);
      case "part-end":
        if (event.part !== undefined) this.#closed[event.partIndex] = event.part;
        if (event.added !== undefined) this.#additions[event.partIndex] = event.added;
        return;
      case "finish":
        this.#messageData = event.messageData;
        return;
      case "response":
      case "usage":
      case "warning":
        return;
    }
  }

  /** The current whole part, for example a finished tool call. */
  part(index: number): Part | undefined {
    const built = this.#closed[index] ?? this.#fromDeltas(index);
    const added = this.#additions[index];
    return built === undefined || added === undefined || built.type === "provider"
      ? built
      : { ...built, ...added };
  }

  message(): Message {
    return {
      role: "assistant",
      parts: this.#parts(),
      ...(this.#messageData !== undefined && { providerData: this.#messageData }),
    };
  }

  /** All text parts joined. */
  outputText(): string {
    let text = "";
    for (const built of this.#open) if (built?.type === "text") text += built.text;
    return text;
  }

  /** Code points of `outputText`, counted as deltas arrive, so that the end of a long text costs nothing. */
  outputCodePoints(): number {
    return this.#codePoints;
  }

  #countText(index: number, text: string): void {
    if (text === "") return;
    this.#codePoints += countCodePoints(text);
    if (this.#halves.delete(index) && isLowSurrogate(text.charCodeAt(0))) this.#codePoints--;
    if (isHighSurrogate(text.charCodeAt(text.length - 1))) this.#halves.add(index);
  }

  #append(index: number, type: "text" | "reasoning" | "refusal", text: string): void {
    const part = this.#open[index];
    if (part === undefined) this.#open[index] = { type, text };
    else part.text += text;
  }

  #appendLogprobs(index: number, logprobs: readonly TokenLogprob[]): void {
    const part = this.#open[index];
    if (part?.type !== "text") return;
    part.logprobs ??= [];
    for (const each of logprobs) part.logprobs.push(each);
  }

  #appendArguments(event: Extract<ProviderEvent, { type: "tool-call-delta" }>): void {
    const { partIndex, id = "", name = "", argumentsFragment: text } = event;
    const call = this.#open[partIndex];
    if (call === undefined) this.#open[partIndex] = { type: "tool-call", id, name, text };
    else call.text += text;
  }

  #fromDeltas(index: number): Part | undefined {
    const built = this.#open[index];
    if (built === undefined) return undefined;
    switch (built.type) {
      case "text": {
        const { type, text, logprobs } = built;
        return logprobs === undefined ? { type, text } : { type, text, logprobs };
      }
      case "refusal":
        return { type: "refusal", text: built.text };
      case "reasoning":
        return {
          type: "reasoning",
          text: built.text,
          signature: new Uint8Array(),
          redacted: false,
          provider: this.#providerType,
        };
      case "tool-call":
        return {
          type: "tool-call",
          id: built.id,
          name: built.name,
          argumentsJson: built.text,
        };
    }
  }

  #parts(): Part[] {
    const all: Part[] = [];
    const count = Math.max(this.#open.length, this.#closed.length);
    for (let index = 0; index < count; index++) {
      const built = this.part(index);
      if (built !== undefined) all.push(built);
    }
    return all;
  }
}
