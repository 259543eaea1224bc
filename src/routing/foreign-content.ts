import { isDialectOptions } from "../domain/dialect-options.ts";
import type { GenerationSpec, Part } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";

/** Content of a request that only another provider understands. */
export interface ForeignContent {
  readonly reason: string;
  readonly field: string;
}

function foreignFile(
  parts: readonly Part[],
  isOwn: (provider: string) => boolean,
): string | undefined {
  for (const part of parts) {
    if (part.type === "tool-result") {
      const nested = foreignFile(part.content, isOwn);
      if (nested !== undefined) return nested;
    }
    if (part.type !== "image" && part.type !== "file") continue;
    const { source } = part;
    if (source.type === "provider-file" && !isOwn(source.provider)) return source.provider;
  }
  return undefined;
}

/** The first tool that another provider runs, or file that another provider stores. */
export function foreignContent(spec: GenerationSpec, model: Model): ForeignContent | undefined {
  const isOwn = (provider: string): boolean =>
    provider === model.provider || provider === model.providerType;
  for (const [index, tool] of spec.tools.entries()) {
    // Tools of a dialect are left out at targets with another dialect.
    if (tool.type === "provider" && !isOwn(tool.provider) && !isDialectOptions(tool.provider)) {
      return { reason: `a tool of ${tool.provider}`, field: `spec.tools[${index}]` };
    }
  }
  for (const [index, message] of spec.messages.entries()) {
    const owner = foreignFile(message.parts, isOwn);
    if (owner !== undefined) {
      return { reason: `a file of ${owner}`, field: `spec.messages[${index}]` };
    }
  }
  return undefined;
}
