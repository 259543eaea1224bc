// The mark of a request, by which the circuit does not count the same failing request twice.
import { createHash } from "node:crypto";
import type { GenerationSpec, Part } from "../domain/generation-spec.ts";

/** UTF-16 units from the end of a text that go into the mark, beside its length. Long prompts must cost little. */
const TAIL_LENGTH = 256;

function partMark(part: Part): string {
  switch (part.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return `${part.type} ${part.text.length} ${part.text.slice(-TAIL_LENGTH)}`;
    case "tool-call":
      return `${part.type} ${part.name} ${part.argumentsJson.length}`;
    case "tool-result":
      return `${part.type} ${part.content.map(partMark).join(" ")}`;
    case "provider":
      return `${part.type} ${part.providerType} ${part.json.length}`;
    case "image":
    case "file":
      return `${part.type} ${part.source.type} ${part.source.mediaType}`;
  }
}

/** A hash that is equal for equal requests of the same caller. It contains no content. */
export function requestMark(caller: string, { model, messages, tools }: GenerationSpec): string {
  const hash = createHash("sha256").update(`${caller}\n${model}\n${tools.length}\n`);
  for (const { role, parts } of messages) hash.update(`${role} ${parts.map(partMark).join(" ")}\n`);
  return hash.digest("base64url");
}
