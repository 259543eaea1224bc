import {
  type CacheHint,
  ImageDetail,
  type MediaSource,
  type Message,
  type Part,
  type ProviderData,
  Role,
} from "../../gen/service/steer/v1/content_pb.ts";
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation-spec.ts";
import {
  decodeOptionalData,
  decodeProviderData,
  decodeTextFields,
} from "./decode-provider-data.ts";

const ROLES: Readonly<Record<number, domain.Role>> = {
  [Role.SYSTEM]: "system",
  [Role.USER]: "user",
  [Role.ASSISTANT]: "assistant",
  [Role.TOOL]: "tool",
};

const DETAILS: Readonly<Record<number, NonNullable<domain.ImagePart["detail"]>>> = {
  [ImageDetail.AUTO]: "auto",
  [ImageDetail.LOW]: "low",
  [ImageDetail.HIGH]: "high",
};

/** The parts that each author can write, as all providers accept them. */
const ALLOWED_PARTS: Readonly<Record<domain.Role, ReadonlySet<domain.Part["type"]>>> = {
  system: new Set(["text"]),
  user: new Set(["text", "image", "file", "provider"]),
  assistant: new Set(["text", "image", "file", "tool-call", "reasoning", "refusal", "provider"]),
  tool: new Set(["tool-result", "provider"]),
};

const RESULT_PARTS: ReadonlySet<domain.Part["type"]> = new Set([
  "text",
  "image",
  "file",
  "provider",
]);

function decodeSource(source: MediaSource | undefined, path: string): domain.MediaSource {
  const mediaType = source?.mediaType ?? "";
  switch (source?.origin.case) {
    case "inlineData":
      if (source.origin.value.length === 0) throw invalidField(path, "inline_data is empty");
      return { type: "inline", data: source.origin.value, mediaType };
    case "uri":
      return { type: "uri", uri: source.origin.value, mediaType };
    case "providerFileId":
      return {
        type: "provider-file",
        fileId: source.origin.value,
        provider: source.provider,
        mediaType,
      };
    case undefined:
      throw invalidField(path, "the origin is not set");
  }
}

function nonEmptyText(text: string, path: string): string {
  if (text === "") throw invalidField(path, "the text is empty; leave the part out");
  return text;
}

function decodeToolResult(
  result: Extract<Part["data"], { case: "toolResult" }>["value"],
  path: string,
): domain.ToolResultPart {
  return {
    type: "tool-result",
    toolCallId: result.toolCallId,
    name: result.name,
    content: result.content.map((part, index) => {
      const at = `${path}.content[${index}]`;
      const decoded = decodePart(part, at);
      if (!RESULT_PARTS.has(decoded.type)) {
        throw invalidField(at, "a tool result holds text, images, files and provider parts only");
      }
      return decoded;
    }),
    isError: result.isError,
  };
}

function decodeData(part: Part, path: string): domain.Part {
  const { data } = part;
  switch (data.case) {
    case "text":
      return {
        type: "text",
        text: nonEmptyText(data.value.text, `${path}.text`),
        ...decodeTextFields(data.value, `${path}.text`),
      };
    case "refusal":
      return { type: "refusal", text: nonEmptyText(data.value.text, `${path}.refusal`) };
    case "image": {
      const source = decodeSource(data.value.source, `${path}.image.source`);
      const detail = DETAILS[data.value.detail];
      return detail === undefined ? { type: "image", source } : { type: "image", source, detail };
    }
    case "file": {
      const source = decodeSource(data.value.source, `${path}.file.source`);
      return { type: "file", source, filename: data.value.filename };
    }
    case "toolCall": {
      const { id, name, argumentsJson } = data.value;
      const own = decodeOptionalData(data.value.providerData, `${path}.tool_call`);
      return { type: "tool-call", id, name, argumentsJson, ...own };
    }
    case "toolResult":
      return decodeToolResult(data.value, `${path}.tool_result`);
    case "reasoning": {
      const { text, signature, redacted, provider } = data.value;
      const own = decodeOptionalData(data.value.providerData, `${path}.reasoning`);
      return { type: "reasoning", text, signature, redacted, provider, ...own };
    }
    case "providerPart":
      return { type: "provider", ...decodeProviderData(data.value, `${path}.provider_part`) };
    case undefined:
      throw invalidField(path, "the part is empty");
  }
}

/** The part, with the field `provider_data` of the part itself. */
function withData(part: domain.Part, data: ProviderData, path: string): domain.Part {
  if (part.type === "provider" || part.type === "tool-call" || part.type === "reasoning") {
    const place = part.type === "provider" ? "the provider part itself" : `the ${part.type}`;
    throw invalidField(`${path}.provider_data`, `data of the provider stands in ${place}`);
  }
  return { ...part, ...decodeOptionalData(data, path) };
}

function decodePart(part: Part, path: string): domain.Part {
  const data = decodeData(part, path);
  const decoded = part.providerData === undefined ? data : withData(data, part.providerData, path);
  const hint: CacheHint | undefined = part.cacheHint;
  return hint === undefined ? decoded : { ...decoded, cacheHint: { ttl: hint.ttl } };
}

function decodeMessage(message: Message, path: string): domain.Message {
  const role = ROLES[message.role];
  if (role === undefined) throw invalidField(`${path}.role`, "unknown role");
  const parts = message.parts.map((part, index) => {
    const at = `${path}.parts[${index}]`;
    const decoded = decodePart(part, at);
    if (!ALLOWED_PARTS[role].has(decoded.type)) {
      throw invalidField(at, `a ${decoded.type} part cannot stand in a ${role} message`);
    }
    return decoded;
  });
  return {
    role,
    parts,
    ...(message.name !== "" && { name: message.name }),
    ...decodeOptionalData(message.providerData, path),
  };
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
  const decoded = messages.map((message, index) =>
    decodeMessage(message, `spec.messages[${index}]`),
  );
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
