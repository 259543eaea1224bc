import type {
  Annotation,
  ProviderData,
  TokenLogprob,
  TopLogprob,
} from "../../gen/service/steer/v1/content_pb.ts";
import type * as domain from "../domain/provider-data.ts";

export function decodeProviderData({ providerType, json, api }: ProviderData): domain.ProviderData {
  return { providerType, json, api };
}

/** The field `providerData`, if the object has data. */
export function decodeOptionalData(data: ProviderData | undefined): {
  readonly providerData?: domain.ProviderData;
} {
  return data === undefined ? {} : { providerData: decodeProviderData(data) };
}

function decodeAnnotation(annotation: Annotation): domain.Annotation {
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
    ...decodeOptionalData(annotation.providerData),
  };
}

function decodeTop({ token, logprob, rawBytes }: TopLogprob | TokenLogprob): domain.TopLogprob {
  return rawBytes.length === 0 ? { token, logprob } : { token, logprob, rawBytes };
}

/** The field `logprobs` of a text or a delta, if there are any. */
export function decodeLogprobs(logprobs: readonly TokenLogprob[]): {
  readonly logprobs?: readonly domain.TokenLogprob[];
} {
  if (logprobs.length === 0) return {};
  return {
    logprobs: logprobs.map((each) => ({ ...decodeTop(each), top: each.top.map(decodeTop) })),
  };
}

/** The fields beside the text of a part. */
export function decodeTextFields({
  annotations,
  logprobs,
}: {
  readonly annotations: readonly Annotation[];
  readonly logprobs: readonly TokenLogprob[];
}): {
  readonly annotations?: readonly domain.Annotation[];
  readonly logprobs?: readonly domain.TokenLogprob[];
} {
  return {
    ...(annotations.length > 0 && { annotations: annotations.map(decodeAnnotation) }),
    ...decodeLogprobs(logprobs),
  };
}
