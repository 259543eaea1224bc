import type { Message, Part } from "../domain/generation-spec.ts";
import type { PartAdditions, ProviderData, TokenLogprob } from "../domain/provider-data.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import { countCodePoints } from "../domain/text.ts";

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

/** Builds the final message of one attempt out of its deltas. */
export interface MessageAssembler {
  observe(event: ProviderEvent): void;
  /** The whole part as it stands, e.g. a finished tool call. */
  part(index: number): Part | undefined;
  message(): Message;
  /** All text parts joined. */
  outputText(): string;
  /** Code points of `outputText`, counted as they come: a long text at its end is no work. */
  outputCodePoints(): number;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** `providerType` is the type that signs reasoning parts. */
export function createMessageAssembler(providerType: string): MessageAssembler {
  const open: (OpenPart | undefined)[] = [];
  const closed: (Part | undefined)[] = [];
  const additions: (PartAdditions | undefined)[] = [];
  let messageData: ProviderData | undefined;
  /** Parts whose text ends with the first half of a pair. */
  const halves = new Set<number>();
  let codePoints = 0;

  function countText(index: number, text: string): void {
    if (text === "") return;
    codePoints += countCodePoints(text);
    if (halves.delete(index) && isLowSurrogate(text.charCodeAt(0))) codePoints--;
    if (isHighSurrogate(text.charCodeAt(text.length - 1))) halves.add(index);
  }

  function append(index: number, type: "text" | "reasoning" | "refusal", text: string): void {
    const part = open[index];
    if (part === undefined) open[index] = { type, text };
    else part.text += text;
  }

  function appendLogprobs(index: number, logprobs: readonly TokenLogprob[]): void {
    const part = open[index];
    if (part?.type !== "text") return;
    part.logprobs ??= [];
    for (const each of logprobs) part.logprobs.push(each);
  }

  function part(index: number): Part | undefined {
    const whole = closed[index];
    const built = whole ?? fromDeltas(index);
    const added = additions[index];
    return built === undefined || added === undefined || built.type === "provider"
      ? built
      : { ...built, ...added };
  }

  function fromDeltas(index: number): Part | undefined {
    const built = open[index];
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
          provider: providerType,
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

  function parts(): Part[] {
    const all: Part[] = [];
    for (let index = 0; index < Math.max(open.length, closed.length); index++) {
      const built = part(index);
      if (built !== undefined) all.push(built);
    }
    return all;
  }

  return {
    observe(event) {
      switch (event.type) {
        case "text-delta":
          countText(event.partIndex, event.text);
          append(event.partIndex, "text", event.text);
          if (event.logprobs !== undefined) appendLogprobs(event.partIndex, event.logprobs);
          return;
        case "reasoning-delta":
          return append(event.partIndex, "reasoning", event.text);
        case "refusal-delta":
          return append(event.partIndex, "refusal", event.text);
        case "tool-call-delta": {
          const call = open[event.partIndex];
          if (call !== undefined) call.text += event.argumentsFragment;
          else {
            open[event.partIndex] = {
              type: "tool-call",
              id: event.id ?? "",
              name: event.name ?? "",
              text: event.argumentsFragment,
            };
          }
          return;
        }
        case "part-end":
          if (event.part !== undefined) closed[event.partIndex] = event.part;
          if (event.added !== undefined) additions[event.partIndex] = event.added;
          return;
        case "finish":
          messageData = event.messageData;
          return;
        case "response":
        case "usage":
        case "warning":
          return;
      }
    },
    part,
    message: () => ({
      role: "assistant",
      parts: parts(),
      ...(messageData !== undefined && { providerData: messageData }),
    }),
    outputText: () => {
      let text = "";
      for (const built of open) if (built?.type === "text") text += built.text;
      return text;
    },
    outputCodePoints: () => codePoints,
  };
}
