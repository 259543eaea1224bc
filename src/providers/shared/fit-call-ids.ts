import { createHash } from "node:crypto";
import type { Message, Part } from "../../domain/generation-spec.ts";
import type { CallIdRule } from "../../domain/model.ts";

function idOf(part: Part): string | undefined {
  if (part.type === "tool-call") return part.id;
  return part.type === "tool-result" ? part.toolCallId : undefined;
}

/** Letters and digits that depend only on the identifier and the trial. */
function fitted(id: string, trial: number, { madeLength }: CallIdRule): string {
  const digest = createHash("sha512").update(`${trial} ${id}`).digest("base64url");
  return digest.replace(/[-_]/g, "").slice(0, madeLength);
}

function withId(part: Part, ids: ReadonlyMap<string, string>): Part {
  if (part.type === "tool-call") return { ...part, id: ids.get(part.id) ?? part.id };
  if (part.type !== "tool-result") return part;
  return { ...part, toolCallId: ids.get(part.toolCallId) ?? part.toolCallId };
}

/**
 * The messages with call identifiers that a target accepts. Other identifiers are replaced in the call and its
 * result: always by the same one, which no other call of the conversation has. The same array if all fit.
 */
export function fitCallIds(
  messages: readonly Message[],
  rule: CallIdRule | undefined,
): readonly Message[] {
  if (rule === undefined) return messages;
  const ids = new Set(messages.flatMap(({ parts }) => parts.map(idOf)));
  const taken = new Set([...ids].filter((id) => id !== undefined && rule.pattern.test(id)));
  const replaced = new Map<string, string>();
  for (const id of ids) {
    if (id === undefined || taken.has(id)) continue;
    let trial = 0;
    let next = fitted(id, trial, rule);
    while (taken.has(next)) next = fitted(id, ++trial, rule);
    taken.add(next);
    replaced.set(id, next);
  }
  if (replaced.size === 0) return messages;
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => withId(part, replaced)),
  }));
}
