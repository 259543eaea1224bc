import type { RoutedTarget } from "../domain/route.ts";

type AskedTarget = Pick<RoutedTarget, "model" | "spec" | "options">;

/**
 * Whether the request has fields or tools that only the vendor understands. Some exist in whole answers only, such as
 * audio or deferred answers, and the gateway cannot tell which.
 */
function asksForUnknown({ spec, options }: AskedTarget): boolean {
  return Object.keys(options).length > 0 || spec.tools.some(({ type }) => type === "provider");
}

/**
 * Whether the provider is asked to stream. A unary call streams for the first-token limit, which is useful only while
 * another target is left.
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
