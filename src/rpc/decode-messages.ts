import type { Message } from "../../gen/service/steer/v1/content_pb.ts";
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation-spec.ts";
import { checkOptionalData, checkPart } from "./check-content.ts";
import { decodeMessage } from "./decode-content.ts";
import { ROLES } from "./encode-content.ts";

/** The parts that each author can write, as all providers accept them. */
const ALLOWED_PARTS: Readonly<Record<domain.Role, ReadonlySet<domain.Part["type"]>>> = {
  system: new Set(["text", "provider"]),
  user: new Set(["text", "image", "file", "provider"]),
  assistant: new Set(["text", "image", "file", "tool-call", "reasoning", "refusal", "provider"]),
  tool: new Set(["tool-result", "provider"]),
};

function checkMessage(message: Message, path: string): void {
  const role = ROLES.words.get(message.role);
  if (role === undefined) throw invalidField(`${path}.role`, "unknown role");
  const allowed = ALLOWED_PARTS[role];
  message.parts.forEach((part, index) => {
    const at = `${path}.parts[${index}]`;
    const type = checkPart(part, at);
    if (!allowed.has(type)) {
      throw invalidField(at, `a ${type} part cannot stand in a ${role} message`);
    }
  });
  checkOptionalData(message.providerData, path);
}

/** Checks that every tool result answers a call of an earlier message. */
function checkToolResults(messages: readonly domain.Message[]): void {
  const open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    for (const [position, part] of message.parts.entries()) {
      if (part.type === "tool-call") open.add(part.id);
      else if (part.type === "tool-result" && !open.has(part.toolCallId)) {
        throw invalidField(
          `spec.messages[${index}].parts[${position}].tool_result.tool_call_id`,
          "no earlier message holds a tool call with this id",
        );
      }
    }
  }
}

/** The conversation, with checks that validation rules cannot express. */
export function decodeMessages(messages: readonly Message[], prompt: string): domain.Message[] {
  if (prompt !== "") return [{ role: "user", parts: [{ type: "text", text: prompt }] }];
  const decoded = messages.map((message, index) => {
    checkMessage(message, `spec.messages[${index}]`);
    return decodeMessage(message);
  });
  checkToolResults(decoded);
  if (decoded.every((message) => message.role === "system")) {
    throw new GatewayError("validation", "spec.messages: nothing but system messages", {
      violations: [
        {
          field: "spec.messages",
          description: "at least one message must not be a system message",
        },
      ],
    });
  }
  return decoded;
}
