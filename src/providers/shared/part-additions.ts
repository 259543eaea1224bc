import type { Annotation, PartAdditions, ProviderData } from "../../domain/provider-data.ts";

/** Data and annotations of a text or a call; undefined: none. */
export function partAdditions(
  data: ProviderData | undefined,
  annotations: readonly Annotation[] = [],
): PartAdditions | undefined {
  if (data === undefined && annotations.length === 0) return undefined;
  return {
    ...(annotations.length > 0 && { annotations }),
    ...(data !== undefined && { providerData: data }),
  };
}
