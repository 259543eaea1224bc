import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type AnnotationSchema,
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

const ROLES: Readonly<Record<spec.Role, Role>> = {
  system: Role.SYSTEM,
  user: Role.USER,
  assistant: Role.ASSISTANT,
  tool: Role.TOOL,
};

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

export function encodePart(part: spec.Part): Part {
  const data = dataField(part.providerData);
  switch (part.type) {
    case "text":
      return create(PartSchema, { data: { case: "text", value: encodeText(part) }, ...data });
    case "refusal":
      return create(PartSchema, { data: { case: "refusal", value: { text: part.text } }, ...data });
    case "tool-call": {
      const { id, name, argumentsJson } = part;
      const value = { id, name, argumentsJson, ...data };
      return create(PartSchema, { data: { case: "toolCall", value } });
    }
    case "reasoning": {
      const { text, signature, redacted, provider: providerType } = part;
      const value = { text, signature, redacted, provider: providerType, ...data };
      return create(PartSchema, { data: { case: "reasoning", value } });
    }
    case "provider":
      return create(PartSchema, {
        data: { case: "providerPart", value: encodeProviderData(part) },
      });
    // The output of no provider has these kinds. A reader sees a part of an unknown kind as an unset part.
    case "image":
    case "file":
    case "tool-result":
      return create(PartSchema, {});
  }
}

export function encodeMessage(message: spec.Message): Message {
  return create(MessageSchema, {
    role: ROLES[message.role],
    parts: message.parts.map(encodePart),
    name: message.name ?? "",
    ...dataField(message.providerData),
  });
}
