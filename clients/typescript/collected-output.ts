// Assembles the output of a stream from its events, without discarded output.
import { create } from "@bufbuild/protobuf";
import {
  type Message,
  MessageSchema,
  type Part,
  PartSchema,
  Role,
  type TokenLogprob,
} from "../../gen/es/steer/v1/content_pb.js";
import { type Generation, GenerationSchema } from "../../gen/es/steer/v1/generation_pb.js";
import type { StreamComplete, StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { Code, SteerError } from "./steer-error.ts";

/** A part so far: deltas, or the finished part of `part_end`. */
type CollectedPart =
  | { readonly type: "text" | "reasoning"; text: string }
  | { readonly type: "whole"; readonly part: Part };

function partOf(collected: CollectedPart): Part {
  switch (collected.type) {
    case "whole":
      return collected.part;
    case "text":
      return create(PartSchema, { data: { case: "text", value: { text: collected.text } } });
    case "reasoning":
      return create(PartSchema, { data: { case: "reasoning", value: { text: collected.text } } });
  }
}

/** Completes a part whose `part_end` left out its text with the text of its deltas. */
function completed(part: Part, text: string): Part {
  const { data, ...rest } = part;
  if (data.case === "toolCall") {
    const value = { ...data.value, argumentsJson: text };
    return create(PartSchema, { ...rest, data: { case: "toolCall", value } });
  }
  if (data.case === "text") {
    return create(PartSchema, { ...rest, data: { case: "text", value: { ...data.value, text } } });
  }
  if (data.case === "reasoning") {
    const value = { ...data.value, text };
    return create(PartSchema, { ...rest, data: { case: "reasoning", value } });
  }
  return part;
}

/** A text with the token probabilities of its deltas. */
function withLogprobs(part: Part, logprobs: TokenLogprob[] | undefined): Part {
  const { data } = part;
  if (logprobs === undefined || data.case !== "text" || data.value.logprobs.length > 0) return part;
  return create(PartSchema, {
    ...part,
    data: { case: "text", value: { ...data.value, logprobs } },
  });
}

function textOf({ parts }: Message): string {
  return parts.map(({ data }) => (data.case === "text" ? data.value.text : "")).join("");
}

export class CollectedOutput {
  readonly #parts = new Map<number, CollectedPart>();
  /** Arguments of tool calls so far, for `part_end` events without them. */
  readonly #arguments = new Map<number, string>();
  /** Token probabilities of texts so far. */
  readonly #logprobs = new Map<number, TokenLogprob[]>();
  /**
   * Sequence of the first event received. 1 after a discard, because earlier output is void. 0 before the first
   * event.
   */
  #firstTaken = 0;
  #complete: StreamComplete | undefined;

  /** Adds the events of a stream in order, from any position. */
  take({ sequence, event }: StreamEvent): void {
    if (this.#firstTaken === 0) this.#firstTaken = sequence;
    switch (event.case) {
      case "textDelta":
        this.#appendLogprobs(event.value.partIndex, event.value.logprobs);
        return this.#append("text", event.value.partIndex, event.value.text);
      case "reasoningDelta":
        return this.#append("reasoning", event.value.partIndex, event.value.text);
      case "toolCallDelta": {
        const { partIndex, argumentsFragment } = event.value;
        const before = this.#arguments.get(partIndex) ?? "";
        this.#arguments.set(partIndex, before + argumentsFragment);
        return;
      }
      case "partEnd": {
        const { partIndex, part, remainder } = event.value;
        const whole =
          remainder === undefined ? part : completed(remainder, this.#deltasOf(partIndex));
        if (whole !== undefined) this.#parts.set(partIndex, { type: "whole", part: whole });
        this.#arguments.delete(partIndex);
        return;
      }
      case "attemptNotice":
        if (!event.value.discardOutput) return;
        this.#parts.clear();
        this.#arguments.clear();
        this.#logprobs.clear();
        this.#firstTaken = 1;
        return;
      case "complete":
        this.#complete = event.value;
    }
  }

  #deltasOf(index: number): string {
    const part = this.#parts.get(index);
    return part === undefined || part.type === "whole"
      ? (this.#arguments.get(index) ?? "")
      : part.text;
  }

  #appendLogprobs(index: number, logprobs: readonly TokenLogprob[]): void {
    if (logprobs.length === 0) return;
    const all = this.#logprobs.get(index) ?? [];
    for (const each of logprobs) all.push(each);
    this.#logprobs.set(index, all);
  }

  #append(type: "text" | "reasoning", index: number, text: string): void {
    const part = this.#parts.get(index);
    if (part?.type === type) part.text += text;
    else this.#parts.set(index, { type, text });
  }

  /** True if every event of the valid output was received. An older service sends 0. */
  get #isWhole(): boolean {
    const firstOutput = Math.max(1, this.#complete?.firstOutputSequence ?? 0);
    return this.#firstTaken > 0 && this.#firstTaken <= firstOutput;
  }

  /** The message assembled from the events. Throws `SteerError` if events are missing. */
  #assembled(): Message {
    if (!this.#isWhole) {
      const message = "the stream was not read from its beginning, and its end has no message";
      const code = Code.FAILED_PRECONDITION;
      throw new SteerError({ code, reason: "OUTPUT_INCOMPLETE", message });
    }
    const { providerData } = this.#complete ?? {};
    const parts = Array.from(this.#parts).sort(([a], [b]) => a - b);
    return create(MessageSchema, {
      role: Role.ASSISTANT,
      parts: parts.map(([index, part]) => withLogprobs(partOf(part), this.#logprobs.get(index))),
      ...(providerData !== undefined && { providerData }),
    });
  }

  /** The valid text, after `complete`. Throws `SteerError` OUTPUT_INCOMPLETE. */
  text(): string {
    const { message, outputText = "" } = this.#complete?.generation ?? {};
    if (message !== undefined) return textOf(message);
    return outputText === "" ? textOf(this.#assembled()) : outputText;
  }

  /**
   * The result with its message and its `outputText`, after `complete`. Throws `SteerError`
   * OUTPUT_INCOMPLETE.
   */
  generation(): Generation {
    const { generation } = this.#complete ?? {};
    const message = generation?.message ?? this.#assembled();
    const outputText = generation?.outputText || textOf(message);
    return Object.assign(create(GenerationSchema), generation, { message, outputText });
  }
}
