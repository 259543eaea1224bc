import type { JsonDelta } from "../../src/domain/generation.ts";

type Change = Pick<JsonDelta, "documentIndex" | "pointer" | "append" | "valueJson">;

/** Builds the documents from changes, like a reader of PATCHES. */
export function applyJson(changes: readonly Change[]): unknown[] {
  const documents: unknown[] = [];
  for (const { documentIndex, pointer, append, valueJson } of changes) {
    const [, ...path] = `/${documentIndex}${pointer}`.split("/");
    const tokens = path.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = tokens.pop() ?? "";
    let parent = documents as unknown as Record<string, unknown>;
    for (const token of tokens) parent = parent[token] as Record<string, unknown>;
    let value = parent[last];
    if (valueJson !== undefined) value = JSON.parse(valueJson);
    if (append !== undefined) value = `${String(value)}${append}`;
    // A key such as `__proto__` must become a normal member.
    Object.defineProperty(parent, last, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return documents;
}
