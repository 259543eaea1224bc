import type { GenerationSpec, Message, Part, Tool } from "../domain/generation-spec.ts";
import { countCodePoints } from "../domain/text.ts";

/** A token count that nobody reported, with the name of the rule and how far to trust it. */
export interface Estimate {
  readonly tokens: number;
  readonly estimator: string;
  /** 0 to 1. */
  readonly confidence: number;
}

interface Ratio {
  readonly codePointsPerToken: number;
  readonly confidence: number;
}

/** Code points per token, measured per provider type. */
const RATIOS: Readonly<Record<string, Ratio>> = {
  openai: { codePointsPerToken: 4, confidence: 0.75 },
  anthropic: { codePointsPerToken: 3.5, confidence: 0.7 },
  xai: { codePointsPerToken: 4.2, confidence: 0.65 },
};
const DEFAULT_RATIO: Ratio = { codePointsPerToken: 4, confidence: 0.6 };

/** What each message costs beside its content. */
const TOKENS_PER_MESSAGE = 4;

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

function estimate(providerType: string, codePoints: number, extraTokens: number): Estimate {
  const ratio = RATIOS[providerType] ?? DEFAULT_RATIO;
  return {
    tokens: Math.floor(codePoints / ratio.codePointsPerToken + 0.5) + extraTokens,
    estimator: `chars/${ratio.codePointsPerToken}`,
    confidence: ratio.confidence,
  };
}

/** Tokens of a text by characters. */
export function estimateText(providerType: string, text: string): Estimate {
  return estimate(providerType, countCodePoints(text), 0);
}

/** Input tokens of a request as it would be sent: text of messages and tools, and an overhead per message. */
export function estimateInput(providerType: string, spec: GenerationSpec): Estimate {
  const messagePoints = (message: Message): number =>
    message.parts.reduce((sum, part) => sum + countCodePoints(partText(part)), 0);
  const points =
    spec.messages.reduce((sum, message) => sum + messagePoints(message), 0) +
    spec.tools.reduce((sum, tool) => sum + countCodePoints(toolText(tool)), 0) +
    (spec.outputFormat.type === "json-schema" ? countCodePoints(spec.outputFormat.schema) : 0);
  return estimate(providerType, points, spec.messages.length * TOKENS_PER_MESSAGE);
}
