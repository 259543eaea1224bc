import type { Message, Part } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";

/** Messages with the thoughts that a target accepts, and the paths of those that were left out. */
export interface OwnReasoning {
  /** The same array if nothing was left out. */
  readonly messages: readonly Message[];
  readonly dropped: readonly string[];
}

/** A target cannot use thoughts of another provider type. Of its own, it accepts those that its wire can carry. */
function isTaken(part: Part, { provider, providerType, goesBack }: Model): boolean {
  if (part.type !== "reasoning") return true;
  if (part.provider !== provider && part.provider !== providerType) return false;
  switch (goesBack.reasoning) {
    case "text":
      return part.text !== "";
    case "signed":
      return part.signature.length > 0;
    case "never":
      return false;
  }
}

/** Leaves out thoughts that the target does not accept, and messages that are empty without them. */
export function withOwnReasoning(messages: readonly Message[], model: Model): OwnReasoning {
  const isLeft = (part: Part): boolean => !isTaken(part, model);
  if (!messages.some(({ parts }) => parts.some(isLeft))) return { messages, dropped: [] };
  const dropped: string[] = [];
  const kept = messages.map((message, index) => {
    for (const [position, part] of message.parts.entries()) {
      // An empty part is left out without a warning.
      const isSaid = part.type === "reasoning" && (part.text !== "" || part.signature.length > 0);
      if (isSaid && isLeft(part)) dropped.push(`messages[${index}].parts[${position}].reasoning`);
    }
    return message.parts.some(isLeft)
      ? { ...message, parts: message.parts.filter((part) => !isLeft(part)) }
      : message;
  });
  return { messages: kept.filter(({ parts }) => parts.length > 0), dropped };
}

/** The warnings for thoughts that were left out. */
export function reasoningWarnings(
  { dropped }: OwnReasoning,
  { provider, id }: Model,
): readonly Warning[] {
  const [field] = dropped;
  if (field === undefined) return [];
  const message = `${provider}/${id} does not take these thoughts back: ${dropped.length} left out, the first at ${field}`;
  return [{ reason: "REASONING_DROPPED", message, field }];
}
