import type { MediaSource, Part, ProviderData } from "../../gen/service/steer/v1/content_pb.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation-spec.ts";
import { jsonDepth } from "../domain/json-depth.ts";
import { MAX_PROVIDER_JSON_DEPTH } from "../domain/provider-data.ts";
import { jsonObjectProblem } from "./json-text.ts";

type PartType = domain.Part["type"];

const RESULT_PARTS: ReadonlySet<PartType> = new Set(["text", "image", "file", "provider"]);

/** Refuses invalid JSON, because the JSON becomes a part of the provider's request. */
function checkProviderData({ json }: ProviderData, path: string): void {
  if (jsonDepth(json, MAX_PROVIDER_JSON_DEPTH) > MAX_PROVIDER_JSON_DEPTH) {
    throw invalidField(`${path}.json`, `is deeper than ${MAX_PROVIDER_JSON_DEPTH} levels`);
  }
  const problem = jsonObjectProblem(json);
  if (problem !== undefined) throw invalidField(`${path}.json`, problem);
}

/** The field `provider_data`, if there is data. */
export function checkOptionalData(data: ProviderData | undefined, path: string): void {
  if (data !== undefined) checkProviderData(data, `${path}.provider_data`);
}

function checkSource(source: MediaSource | undefined, path: string): void {
  const { origin } = source ?? {};
  if (origin?.case === undefined) throw invalidField(path, "the origin is not set");
  if (origin.case === "inlineData" && origin.value.length === 0) {
    throw invalidField(path, "inline_data is empty");
  }
}

function checkText(text: string, path: string): void {
  if (text === "") throw invalidField(path, "the text is empty; leave the part out");
}

function checkToolResult(content: readonly Part[], path: string): void {
  for (const [index, part] of content.entries()) {
    const at = `${path}.content[${index}]`;
    if (!RESULT_PARTS.has(checkPart(part, at))) {
      throw invalidField(at, "a tool result holds text, images, files and provider parts only");
    }
  }
}

function checkData({ data }: Part, path: string): PartType {
  switch (data.case) {
    case "text":
      checkText(data.value.text, `${path}.text`);
      data.value.annotations.forEach(({ providerData }, index) => {
        checkOptionalData(providerData, `${path}.text.annotations[${index}]`);
      });
      return "text";
    case "refusal":
      checkText(data.value.text, `${path}.refusal`);
      return "refusal";
    case "image":
      checkSource(data.value.source, `${path}.image.source`);
      return "image";
    case "file":
      checkSource(data.value.source, `${path}.file.source`);
      return "file";
    case "toolCall":
      checkOptionalData(data.value.providerData, `${path}.tool_call`);
      return "tool-call";
    case "toolResult":
      checkToolResult(data.value.content, `${path}.tool_result`);
      return "tool-result";
    case "reasoning":
      checkOptionalData(data.value.providerData, `${path}.reasoning`);
      return "reasoning";
    case "providerPart":
      checkProviderData(data.value, `${path}.provider_part`);
      return "provider";
    case undefined:
      throw invalidField(path, "the part is empty");
  }
}

/** Throws INVALID_ARGUMENT for errors of a part that validation rules cannot express. Returns its kind. */
export function checkPart(part: Part, path: string): PartType {
  const type = checkData(part, path);
  const { providerData } = part;
  if (providerData === undefined) return type;
  if (type === "provider" || type === "tool-call" || type === "reasoning") {
    const place = type === "provider" ? "the provider part itself" : `the ${type}`;
    throw invalidField(`${path}.provider_data`, `data of the provider stands in ${place}`);
  }
  checkOptionalData(providerData, path);
  return type;
}
