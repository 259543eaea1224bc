import type { MediaSource, Message, Part } from "../../gen/service/steer/v1/content_pb.ts";
import type * as domain from "../domain/generation-spec.ts";
import {
  decodeOptionalData,
  decodeProviderData,
  decodeTextFields,
} from "./decode-provider-data.ts";
import { IMAGE_DETAILS, ROLES } from "./encode-content.ts";

function decodeSource(source: MediaSource | undefined): domain.MediaSource | undefined {
  const mediaType = source?.mediaType ?? "";
  switch (source?.origin.case) {
    case "inlineData":
      return { type: "inline", data: source.origin.value, mediaType };
    case "uri":
      return { type: "uri", uri: source.origin.value, mediaType };
    case "providerFileId": {
      const { origin, provider } = source;
      return { type: "provider-file", fileId: origin.value, provider, mediaType };
    }
    case undefined:
      return undefined;
  }
}

type Data<Case extends Part["data"]["case"]> = Extract<Part["data"], { case: Case }>["value"];

function decodeImage({ source, detail }: Data<"image">): domain.ImagePart | undefined {
  const from = decodeSource(source);
  const asked = IMAGE_DETAILS.words.get(detail);
  if (from === undefined) return undefined;
  return { type: "image", source: from, ...(asked !== undefined && { detail: asked }) };
}

function decodeFile({ source, filename }: Data<"file">): domain.FilePart | undefined {
  const from = decodeSource(source);
  return from === undefined ? undefined : { type: "file", source: from, filename };
}

function decodeToolResult(result: Data<"toolResult">): domain.ToolResultPart {
  const { toolCallId, name, content, isError } = result;
  return { type: "tool-result", toolCallId, name, content: decodeParts(content), isError };
}

function decodeData({ data }: Part): domain.Part | undefined {
  switch (data.case) {
    case "text":
      return { type: "text", text: data.value.text, ...decodeTextFields(data.value) };
    case "refusal":
      return { type: "refusal", text: data.value.text };
    case "image":
      return decodeImage(data.value);
    case "file":
      return decodeFile(data.value);
    case "toolCall": {
      const { id, name, argumentsJson, providerData } = data.value;
      return { type: "tool-call", id, name, argumentsJson, ...decodeOptionalData(providerData) };
    }
    case "toolResult":
      return decodeToolResult(data.value);
    case "reasoning": {
      const { text, signature, redacted, provider, providerData } = data.value;
      const own = decodeOptionalData(providerData);
      return { type: "reasoning", text, signature, redacted, provider, ...own };
    }
    case "providerPart":
      return { type: "provider", ...decodeProviderData(data.value) };
    case undefined:
      return undefined;
  }
}

/** The part without checks; undefined for a kind that this version does not know. */
export function decodePart(part: Part): domain.Part | undefined {
  const data = decodeData(part);
  if (data === undefined) return undefined;
  const decoded =
    part.providerData === undefined || data.type === "provider"
      ? data
      : { ...data, ...decodeOptionalData(part.providerData) };
  return part.cacheHint === undefined
    ? decoded
    : { ...decoded, cacheHint: { ttl: part.cacheHint.ttl } };
}

function decodeParts(parts: readonly Part[]): domain.Part[] {
  const decoded: domain.Part[] = [];
  for (const each of parts) {
    const part = decodePart(each);
    if (part !== undefined) decoded.push(part);
  }
  return decoded;
}

/** The message without checks, and without parts of unknown kinds. */
export function decodeMessage({ role, parts, name, providerData }: Message): domain.Message {
  return {
    role: ROLES.words.get(role) ?? "assistant",
    parts: decodeParts(parts),
    ...(name !== "" && { name }),
    ...decodeOptionalData(providerData),
  };
}
