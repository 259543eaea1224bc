import type { Annotation, PartAdditions, ProviderData } from "../../domain/provider-data.ts";

/** What stands beside a text or a call; undefined: nothing does. */
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
