// What of a request or an answer is counted.
import type { GenerationSpec, Message, Part, Tool } from "../domain/generation-spec.ts";

/** What each message costs beside its content: its role and the marks around it. */
const TOKENS_PER_MESSAGE = 4;

/** A text to count, and the tokens that it costs beside. */
export interface CountedText {
  readonly text: string;
  readonly overhead: number;
  /** Not all of it is text: what a provider reports of it says nothing about the writing. */
  readonly isPartial: boolean;
  /** Images and files are left out: nobody can tell their tokens here. */
  readonly hasMedia?: boolean;
  /** It was generated: what requests teach says nothing of it. */
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

/** A request has images or files. */
export function hasMedia({ messages }: GenerationSpec): boolean {
  return messages.some(({ parts }) => parts.some(isMedia));
}

/** A request as it would be sent: a line per message with its role, then tools and the schema of the output. */
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

/** Length of a request's text, without putting it together. */
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
    // What tools of the provider have found was not generated.
    text: parts.map((part) => (part.type === "provider" ? "" : partText(part))).join(""),
    overhead: 0,
    isPartial: !parts.every(isText),
    hasMedia: parts.some(isMedia),
    isAnswer: true,
  };
}
