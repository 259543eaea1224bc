import { jsonDepth } from "../domain/json-depth.ts";
import {
  type Annotation,
  MAX_ANNOTATIONS,
  MAX_PROVIDER_JSON_BYTES,
  MAX_PROVIDER_JSON_DEPTH,
  type PartAdditions,
  type ProviderData,
} from "../domain/provider-data.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";

type PartEnd = Extract<ProviderEvent, { type: "part-end" }>;

function isCarried({ json }: ProviderData): boolean {
  const units = json.length;
  if (units > MAX_PROVIDER_JSON_BYTES) return false;
  // A UTF-16 unit has at most three bytes in UTF-8.
  if (units * 3 > MAX_PROVIDER_JSON_BYTES && Buffer.byteLength(json) > MAX_PROVIDER_JSON_BYTES) {
    return false;
  }
  return jsonDepth(json, MAX_PROVIDER_JSON_DEPTH) <= MAX_PROVIDER_JSON_DEPTH;
}

function unitsOf(annotation: Annotation): number {
  return (annotation.citedText?.length ?? 0) + (annotation.providerData?.json.length ?? 0);
}

/** The annotations that fit into one message beside a text. */
function carriedAnnotations(all: readonly Annotation[]): readonly Annotation[] {
  let left = MAX_PROVIDER_JSON_BYTES / 2;
  const end = all.findIndex((annotation, index) => {
    left -= unitsOf(annotation);
    return left < 0 || index >= MAX_ANNOTATIONS;
  });
  return end < 0 ? all : all.slice(0, end);
}

function carriedAdditions(added: PartAdditions): PartAdditions {
  const { annotations, providerData } = added;
  const kept = annotations === undefined ? undefined : carriedAnnotations(annotations);
  const isWhole = providerData === undefined || isCarried(providerData);
  if (kept === annotations && isWhole) return added;
  return {
    ...(kept !== undefined && kept.length > 0 && { annotations: kept }),
    ...(providerData !== undefined && isWhole && { providerData }),
  };
}

function carriedEnd(event: PartEnd, tell: () => void): PartEnd {
  let { part, added } = event;
  if (part?.type === "provider") {
    if (!isCarried(part)) part = undefined;
  } else if (part?.providerData !== undefined && !isCarried(part.providerData)) {
    const { providerData: _, ...rest } = part;
    part = rest;
  }
  if (added !== undefined) added = carriedAdditions(added);
  if (part === event.part && added === event.added) return event;
  tell();
  const { type, partIndex } = event;
  return {
    type,
    partIndex,
    ...(part !== undefined && { part }),
    ...(added !== undefined && { added }),
  };
}

/**
 * The event without provider data that exceeds the contract's bounds. `tell` is called if some data is left out.
 */
export function carriedEvent(event: ProviderEvent, tell: () => void): ProviderEvent {
  if (event.type === "part-end") {
    return event.part === undefined && event.added === undefined ? event : carriedEnd(event, tell);
  }
  if (event.type !== "finish" || event.messageData === undefined || isCarried(event.messageData)) {
    return event;
  }
  tell();
  const { messageData: _, ...rest } = event;
  return rest;
}
