import type { FieldViolation } from "../../domain/gateway-error.ts";
import type { MediaSource, Message, Part, Role } from "../../domain/generation-spec.ts";

type PartType = Part["type"];
type SourceType = MediaSource["type"];
type Place = Role | "tool-result";

/** Which parts the wire of a dialect supports at which places, and the sources it supports for images and files. */
export interface Placements {
  readonly parts: Readonly<Record<Place, readonly PartType[]>>;
  readonly image: readonly SourceType[];
  readonly file: readonly SourceType[];
}

const PLACE_WORDS: Readonly<Record<Place, string>> = {
  system: "a system message",
  user: "a user message",
  assistant: "an assistant message",
  tool: "a tool message",
  "tool-result": "a tool result",
};

const SOURCE_WORDS: Readonly<Record<SourceType, string>> = {
  inline: "inline",
  uri: "by URL",
  "provider-file": "by file identifier",
};

function misplaced(
  part: Part,
  place: Place,
  field: string,
  placements: Placements,
): FieldViolation | undefined {
  if (!placements.parts[place].includes(part.type)) {
    return { field, description: `a part of type ${part.type} in ${PLACE_WORDS[place]}` };
  }
  if (part.type === "image" || part.type === "file") {
    const { type } = part.source;
    if (placements[part.type].includes(type)) return undefined;
    return { field, description: `a part of type ${part.type} ${SOURCE_WORDS[type]}` };
  }
  if (part.type !== "tool-result") return undefined;
  for (const [index, inner] of part.content.entries()) {
    const found = misplaced(inner, "tool-result", `${field}.content[${index}]`, placements);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first part that the wire of a dialect does not support at its place. */
export function misplacedPart(
  messages: readonly Message[],
  placements: Placements,
): FieldViolation | undefined {
  for (const [index, { role, parts }] of messages.entries()) {
    for (const [position, part] of parts.entries()) {
      const field = `spec.messages[${index}].parts[${position}]`;
      const found = misplaced(part, role, field, placements);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
