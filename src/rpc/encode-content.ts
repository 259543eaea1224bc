import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type AnnotationSchema,
  ImageDetail,
  type MediaSourceSchema,
  type Message,
  MessageSchema,
  type Part,
  PartSchema,
  type ProviderDataSchema,
  Role,
  type TextPartSchema,
  type TokenLogprobSchema,
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

export function encodeProviderData({
  providerType,
  json,
  api,
}: provider.ProviderData): MessageInitShape<typeof ProviderDataSchema> {
  return { providerType, json, api };
}

/** The field `provider_data`, if there is data. */
function dataField(data: provider.ProviderData | undefined) {
  return data === undefined ? undefined : { providerData: encodeProviderData(data) };
}

function encodeAnnotation({
  providerData,
  ...fields
}: provider.Annotation): MessageInitShape<typeof AnnotationSchema> {
  return { ...fields, ...dataField(providerData) };
}

function encodeTop({ token, logprob, rawBytes }: provider.TopLogprob) {
  return { token, logprob, ...(rawBytes !== undefined && { rawBytes }) };
}

export function encodeLogprob(
  each: provider.TokenLogprob,
): MessageInitShape<typeof TokenLogprobSchema> {
  return { ...encodeTop(each), top: each.top.map(encodeTop) };
}

function encodeText({
  text,
  annotations,
  logprobs,
}: spec.TextPart): MessageInitShape<typeof TextPartSchema> {
  return {
    text,
    ...(annotations !== undefined && { annotations: annotations.map(encodeAnnotation) }),
    ...(logprobs !== undefined && { logprobs: logprobs.map(encodeLogprob) }),
  };
}

function encodeSource(source: spec.MediaSource): MessageInitShape<typeof MediaSourceSchema> {
  const { mediaType } = source;
  switch (source.type) {
    case "inline":
      return { mediaType, origin: { case: "inlineData", value: source.data } };
    case "uri":
      return { mediaType, origin: { case: "uri", value: source.uri } };
    case "provider-file": {
      const { fileId, provider: providerType } = source;
      return {
        mediaType,
        provider: providerType,
        origin: { case: "providerFileId", value: fileId },
      };
    }
  }
}

/** The field of the part's kind. */
function encodeData(part: spec.Part): NonNullable<MessageInitShape<typeof PartSchema>["data"]> {
  switch (part.type) {
    case "text":
      return { case: "text", value: encodeText(part) };
    case "refusal":
      return { case: "refusal", value: { text: part.text } };
    case "tool-call": {
      const { id, name, argumentsJson, providerData } = part;
      const value = { id, name, argumentsJson, ...dataField(providerData) };
      return { case: "toolCall", value };
    }
    case "reasoning": {
      const { text, signature, redacted, provider: providerType, providerData } = part;
      const own = dataField(providerData);
      const value = { text, signature, redacted, provider: providerType, ...own };
      return { case: "reasoning", value };
    }
    case "provider":
      return { case: "providerPart", value: encodeProviderData(part) };
    case "image": {
      const detail = part.detail && { detail: IMAGE_DETAILS.values[part.detail] };
      return { case: "image", value: { source: encodeSource(part.source), ...detail } };
    }
    case "file": {
      const value = { source: encodeSource(part.source), filename: part.filename };
      return { case: "file", value };
    }
    case "tool-result": {
      const { toolCallId, name, isError } = part;
      const content = part.content.map(encodePart);
      return { case: "toolResult", value: { toolCallId, name, content, isError } };
    }
  }
}

/** Kinds of parts that have their own place for provider data. */
const OWN_DATA: ReadonlySet<spec.Part["type"]> = new Set(["tool-call", "reasoning", "provider"]);

export function encodePart(part: spec.Part): Part {
  return create(PartSchema, {
    data: encodeData(part),
    ...(!OWN_DATA.has(part.type) && dataField(part.providerData)),
    ...(part.cacheHint !== undefined && { cacheHint: part.cacheHint }),
  });
}

export function encodeMessage(message: spec.Message): Message {
  return create(MessageSchema, {
    role: ROLES.values[message.role],
    parts: message.parts.map(encodePart),
    name: message.name ?? "",
    ...dataField(message.providerData),
  });
}
