import {
  type Annotation,
  ImageDetail,
  type ImagePart,
  type MediaSource,
  type Message,
  type Part,
  type ProviderData,
  type ReasoningPart,
  Role,
  type TextPart,
  type TokenLogprob,
  type ToolCall,
  type ToolResult,
  type TopLogprob,
} from "../../gen/service/steer/v1/content_pb.ts";
import type * as spec from "../domain/generation-spec.ts";
import type * as provider from "../domain/provider-data.ts";
import { enumTable } from "./enum-table.ts";

export const ROLES = enumTable<spec.Role, Role>({
  system: Role.SYSTEM,
  user: Role.USER,
  assistant: Role.ASSISTANT,
  tool: Role.TOOL,
});

export const IMAGE_DETAILS = enumTable<NonNullable<spec.ImagePart["detail"]>, ImageDetail>({
  auto: ImageDetail.AUTO,
  low: ImageDetail.LOW,
  high: ImageDetail.HIGH,
});

// Messages are literals, as in encode-generation.ts.

export function encodeProviderData({
  providerType,
  json,
  api,
}: provider.ProviderData): ProviderData {
  return { $typeName: "steer.v1.ProviderData", providerType, json, api };
}

function encodeAnnotation(annotation: provider.Annotation): Annotation {
  const { start, end, firstPage, lastPage, providerData } = annotation;
  const encoded: Annotation = {
    $typeName: "steer.v1.Annotation",
    uri: annotation.uri ?? "",
    title: annotation.title ?? "",
    citedText: annotation.citedText ?? "",
    fileId: annotation.fileId ?? "",
    filename: annotation.filename ?? "",
  };
  if (start !== undefined) encoded.start = start;
  if (end !== undefined) encoded.end = end;
  if (firstPage !== undefined) encoded.firstPage = firstPage;
  if (lastPage !== undefined) encoded.lastPage = lastPage;
  if (providerData !== undefined) encoded.providerData = encodeProviderData(providerData);
  return encoded;
}

const NO_BYTES = new Uint8Array();

function encodeTop({ token, logprob, rawBytes = NO_BYTES }: provider.TopLogprob): TopLogprob {
  return { $typeName: "steer.v1.TopLogprob", token, logprob, rawBytes };
}

export function encodeLogprob(each: provider.TokenLogprob): TokenLogprob {
  const { token, logprob, rawBytes = NO_BYTES, top } = each;
  return {
    $typeName: "steer.v1.TokenLogprob",
    token,
    logprob,
    rawBytes,
    top: top.map(encodeTop),
  };
}

function encodeText({ text, annotations = [], logprobs = [] }: spec.TextPart): TextPart {
  return {
    $typeName: "steer.v1.TextPart",
    text,
    annotations: annotations.map(encodeAnnotation),
    logprobs: logprobs.map(encodeLogprob),
  };
}

function encodeOrigin(source: spec.MediaSource): MediaSource["origin"] {
  switch (source.type) {
    case "inline":
      return { case: "inlineData", value: source.data };
    case "uri":
      return { case: "uri", value: source.uri };
    case "provider-file":
      return { case: "providerFileId", value: source.fileId };
  }
}

function encodeSource(source: spec.MediaSource): MediaSource {
  return {
    $typeName: "steer.v1.MediaSource",
    origin: encodeOrigin(source),
    mediaType: source.mediaType,
    provider: source.type === "provider-file" ? source.provider : "",
  };
}

function encodeToolCall({ id, name, argumentsJson, providerData }: spec.ToolCallPart): ToolCall {
  const call: ToolCall = { $typeName: "steer.v1.ToolCall", id, name, argumentsJson };
  if (providerData !== undefined) call.providerData = encodeProviderData(providerData);
  return call;
}

function encodeReasoning(part: spec.ReasoningPart): ReasoningPart {
  const { text, signature, redacted, provider: type, providerData } = part;
  const encoded: ReasoningPart = {
    $typeName: "steer.v1.ReasoningPart",
    text,
    signature,
    redacted,
    provider: type,
  };
  if (providerData !== undefined) encoded.providerData = encodeProviderData(providerData);
  return encoded;
}

function encodeImage({ source, detail }: spec.ImagePart): ImagePart {
  return {
    $typeName: "steer.v1.ImagePart",
    source: encodeSource(source),
    detail: detail === undefined ? ImageDetail.UNSPECIFIED : IMAGE_DETAILS.values[detail],
  };
}

function encodeToolResult({ toolCallId, name, content, isError }: spec.ToolResultPart): ToolResult {
  const parts = content.map(encodePart);
  return { $typeName: "steer.v1.ToolResult", toolCallId, name, content: parts, isError };
}

/** The field of the part's kind. */
function encodeData(part: spec.Part): Part["data"] {
  switch (part.type) {
    case "text":
      return { case: "text", value: encodeText(part) };
    case "refusal":
      return { case: "refusal", value: { $typeName: "steer.v1.RefusalPart", text: part.text } };
    case "tool-call":
      return { case: "toolCall", value: encodeToolCall(part) };
    case "reasoning":
      return { case: "reasoning", value: encodeReasoning(part) };
    case "provider":
      return { case: "providerPart", value: encodeProviderData(part) };
    case "image":
      return { case: "image", value: encodeImage(part) };
    case "file": {
      const source = encodeSource(part.source);
      const value = { $typeName: "steer.v1.FilePart", source, filename: part.filename } as const;
      return { case: "file", value };
    }
    case "tool-result":
      return { case: "toolResult", value: encodeToolResult(part) };
  }
}

/** Kinds of parts that have their own place for provider data. */
const OWN_DATA: ReadonlySet<spec.Part["type"]> = new Set(["tool-call", "reasoning", "provider"]);

export function encodePart(part: spec.Part): Part {
  const { providerData, cacheHint } = part;
  const encoded: Part = { $typeName: "steer.v1.Part", data: encodeData(part) };
  if (providerData !== undefined && !OWN_DATA.has(part.type)) {
    encoded.providerData = encodeProviderData(providerData);
  }
  if (cacheHint !== undefined) {
    encoded.cacheHint = { $typeName: "steer.v1.CacheHint", ttl: cacheHint.ttl };
  }
  return encoded;
}

export function encodeMessage({ role, parts, name = "", providerData }: spec.Message): Message {
  const encoded: Message = {
    $typeName: "steer.v1.Message",
    role: ROLES.values[role],
    parts: parts.map(encodePart),
    name,
  };
  if (providerData !== undefined) encoded.providerData = encodeProviderData(providerData);
  return encoded;
}
