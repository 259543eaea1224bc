// The text of a request or an answer that is counted.
import type { GenerationSpec, Message, Part, Tool } from "../domain/generation-spec.ts";

/** Tokens per message beside its content: the role and its delimiters. */
const TOKENS_PER_MESSAGE = 4;

/** A text to count, and a number of further tokens. */
export interface CountedText {
  readonly text: string;
  readonly overhead: number;
  /** Some of it is not text, so a provider's report teaches nothing about the writing. */
  readonly isPartial: boolean;
  /** Images and files are left out: their tokens cannot be counted here. */
  readonly hasMedia?: boolean;
  /** The text was generated. It is learned separately from requests. */
  readonly isAnswer?: boolean;
}

function isMedia(part: Part): boolean {
  if (part.type === "tool-result") return part.content.some(isMedia);
  return part.type === "image" || part.type === "file";
}

function partText(part: Part): string {
  switch (part.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return part.text;
    case "tool-call":
      return part.name + part.argumentsJson;
    case "tool-result":
      return part.content.map(partText).join("");
    case "provider":
      return part.json;
    case "image":
    case "file":
      return "";
  }
}

function toolText(tool: Tool): string {
  return tool.type === "function"
    ? tool.name + tool.description + tool.parametersJsonSchema
    : JSON.stringify(tool.config);
}

function isText({ type }: Part): boolean {
  return type === "text";
}

/** Whether a request has images or files. */
export function hasMedia({ messages }: GenerationSpec): boolean {
  return messages.some(({ parts }) => parts.some(isMedia));
}

/** The text of a request: one line per message with its role, then tools and the output schema. */
export function requestText(spec: GenerationSpec): CountedText {
  const { messages, tools, outputFormat } = spec;
  const schema = outputFormat.type === "json-schema" ? [outputFormat.schema] : [];
  const lines = messages.map(
    ({ role, parts }: Message) => `${role}: ${parts.map(partText).join("")}`,
  );
  return {
    text: [...lines, ...tools.map(toolText), ...schema].join("\n"),
    overhead: messages.length * TOKENS_PER_MESSAGE,
    isPartial:
      tools.length > 0 || schema.length > 0 || messages.some(({ parts }) => !parts.every(isText)),
    hasMedia: hasMedia(spec),
  };
}

/** Length of a request's text in UTF-16 units, without building the text. */
export function requestUnits({ messages, tools }: GenerationSpec): number {
  const inMessages = messages.flatMap(({ parts }) => parts);
  return (
    inMessages.reduce((sum, part) => sum + partText(part).length, 0) +
    tools.reduce((sum, tool) => sum + toolText(tool).length, 0)
  );
}

/** An answer as it was received. */
export function answerText({ parts }: Message): CountedText {
  return {
    // Results of the provider's tools were not generated.
    text: parts.map((part) => (part.type === "provider" ? "" : partText(part))).join(""),
    overhead: 0,
    isPartial: !parts.every(isText),
    hasMedia: parts.some(isMedia),
    isAnswer: true,
  };
}
