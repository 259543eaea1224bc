import { invalidField } from "../../domain/gateway-error.ts";
import type { MediaSource } from "../../domain/generation-spec.ts";

const DATA_URL = /^data:([^;,]*)(?:;[^;,]*)*;base64,/i;

/** The URL of a source. Bytes become a data URL. */
export function mediaUrl(source: Exclude<MediaSource, { type: "provider-file" }>): string {
  if (source.type === "uri") return source.uri;
  return `data:${source.mediaType};base64,${Buffer.from(source.data).toString("base64")}`;
}

/** The bytes of a data URL, or the URL itself. Throws INVALID_ARGUMENT that names `path`. */
export function mediaSource(url: string, path: string): MediaSource {
  const data = DATA_URL.exec(url);
  if (data !== null) {
    const bytes = Buffer.from(url.slice(data[0].length), "base64");
    return { type: "inline", data: bytes, mediaType: data[1] ?? "" };
  }
  if (/^https?:\/\//i.test(url) && URL.canParse(url))
    return { type: "uri", uri: url, mediaType: "" };
  throw invalidField(path, "must be an http or https URL, or a data URL in base64");
}
