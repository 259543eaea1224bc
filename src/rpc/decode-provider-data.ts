import type {
  Annotation,
  ProviderData,
  TokenLogprob,
  TopLogprob,
} from "../../gen/service/steer/v1/content_pb.ts";
import { invalidField } from "../domain/gateway-error.ts";
import { isJsonObject } from "../domain/json.ts";
import { jsonDepth } from "../domain/json-depth.ts";
import type * as domain from "../domain/provider-data.ts";
import { MAX_PROVIDER_JSON_DEPTH } from "../domain/provider-data.ts";
import { jsonSyntaxError } from "./json-text.ts";

/** Refuses invalid JSON, because the JSON becomes a part of the provider's request. */
export function decodeProviderData(data: ProviderData, path: string): domain.ProviderData {
  const { providerType, json, api } = data;
  if (jsonDepth(json, MAX_PROVIDER_JSON_DEPTH) > MAX_PROVIDER_JSON_DEPTH) {
    throw invalidField(`${path}.json`, `is deeper than ${MAX_PROVIDER_JSON_DEPTH} levels`);
  }
  const problem = jsonSyntaxError(json);
  if (problem !== undefined) throw invalidField(`${path}.json`, problem);
  if (!isJsonObject(JSON.parse(json))) throw invalidField(`${path}.json`, "not a JSON object");
  return { providerType, json, api };
}

/** The field `providerData`, if the object has data. */
export function decodeOptionalData(
  data: ProviderData | undefined,
  path: string,
): { readonly providerData?: domain.ProviderData } {
  return data === undefined
    ? {}
    : { providerData: decodeProviderData(data, `${path}.provider_data`) };
}

function decodeAnnotation(annotation: Annotation, path: string): domain.Annotation {
  const { uri, title, citedText, start, end, fileId, filename, firstPage, lastPage } = annotation;
  return {
    ...(uri !== "" && { uri }),
    ...(title !== "" && { title }),
    ...(citedText !== "" && { citedText }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(fileId !== "" && { fileId }),
    ...(filename !== "" && { filename }),
    ...(firstPage !== undefined && { firstPage }),
    ...(lastPage !== undefined && { lastPage }),
    ...decodeOptionalData(annotation.providerData, path),
  };
}

function decodeTop({ token, logprob, rawBytes }: TopLogprob | TokenLogprob): domain.TopLogprob {
  return rawBytes.length === 0 ? { token, logprob } : { token, logprob, rawBytes };
}

/** The fields beside the text of a part. */
export function decodeTextFields(
  text: { readonly annotations: Annotation[]; readonly logprobs: TokenLogprob[] },
  path: string,
): {
  readonly annotations?: readonly domain.Annotation[];
  readonly logprobs?: readonly domain.TokenLogprob[];
} {
  const { annotations, logprobs } = text;
  return {
    ...(annotations.length > 0 && {
      annotations: annotations.map((each, index) =>
        decodeAnnotation(each, `${path}.annotations[${index}]`),
      ),
    }),
    ...(logprobs.length > 0 && {
      logprobs: logprobs.map((each) => ({ ...decodeTop(each), top: each.top.map(decodeTop) })),
    }),
  };
}
