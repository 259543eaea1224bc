import type { RoutedTarget } from "../domain/route.ts";

type AskedTarget = Pick<RoutedTarget, "model" | "spec" | "options">;

/**
 * Fields and tools that the vendor alone understands: some exist in whole answers
 * only, such as audio or deferred answers, and nobody here can tell which.
 */
function asksForUnknown({ spec, options }: AskedTarget): boolean {
  return Object.keys(options).length > 0 || spec.tools.some(({ type }) => type === "provider");
}

/**
 * True if the provider is asked to stream. A unary call streams for the sake of the
 * first-token limit, which is of use only while another target is left.
 */
export function streamsUpstream(target: AskedTarget, isStream: boolean, hasNext: boolean): boolean {
  if (isStream) return true;
  const { capabilities, unaryUpstream } = target.model;
  if (!capabilities.has("stream")) return false;
  switch (unaryUpstream) {
    case "whole":
      return false;
    case "stream":
      return true;
    case "auto":
      return hasNext && !asksForUnknown(target);
  }
}
