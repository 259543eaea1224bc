import { toBinary } from "@bufbuild/protobuf";
import { type Part, PartSchema } from "../../gen/service/steer/v1/content_pb.ts";
import type { PartEnd } from "../../gen/service/steer/v1/stream_pb.ts";
import type * as domain from "../domain/generation-spec.ts";
import type { Annotation } from "../domain/provider-data.ts";
import { encodePart } from "./encode-content.ts";
import { MAX_CONTENT_BYTES } from "./encode-generation.ts";

/** The fields of `part_end` for a part. */
type EndedPart = Pick<PartEnd, "part" | "remainder">;

/** A part with fewer UTF-16 units and bytes is small enough without measuring. */
const SURELY_SMALL = 256 * 1024;

function sizeOfAnnotations(annotations: readonly Annotation[] = []): number {
  return annotations.reduce(
    (sum, { uri = "", title = "", citedText = "", providerData }) =>
      sum + uri.length + title.length + citedText.length + (providerData?.json.length ?? 0),
    0,
  );
}

function sizeOf(part: domain.Part): number {
  return sizeOfData(part) + (part.providerData?.json.length ?? 0);
}

function sizeOfData(part: domain.Part): number {
  switch (part.type) {
    case "text":
      return part.text.length + sizeOfAnnotations(part.annotations);
    case "provider":
      return part.json.length;
    case "refusal":
      return part.text.length;
    case "tool-call":
      return part.name.length + part.argumentsJson.length;
    case "reasoning":
      return part.text.length + part.signature.length;
    // The output of no provider has these kinds.
    case "image":
    case "file":
    case "tool-result":
      return 0;
  }
}

function withoutText(part: domain.Part): domain.Part {
  switch (part.type) {
    case "tool-call":
      return { ...part, argumentsJson: "" };
    case "text":
    case "refusal":
    case "reasoning":
      return { ...part, text: "" };
    case "provider":
    case "image":
    case "file":
    case "tool-result":
      return part;
  }
}

function fits(part: Part): boolean {
  return toBinary(PartSchema, part).length <= MAX_CONTENT_BYTES;
}

/** The part; without the text of its deltas if `isShort`, or if it is longer than a client accepts. */
export function encodeEndedPart(part: domain.Part, isShort: boolean): EndedPart {
  if (!isShort) {
    const whole = encodePart(part);
    if (sizeOf(part) <= SURELY_SMALL || fits(whole)) return { part: whole };
  }
  const remainder = encodePart(withoutText(part));
  if (fits(remainder) || part.type !== "reasoning") return { remainder };
  // The signature is longer than a client accepts. The remainder shows that the reasoning existed.
  return { remainder: encodePart({ ...part, text: "", signature: new Uint8Array() }) };
}
