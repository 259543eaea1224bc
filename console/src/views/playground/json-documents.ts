// JSON as it grows: documents that the patches of a stream build.
import type { JsonDelta } from "@steer-gateway/stubs/steer/v1/stream_pb.js";

/** Own members only: a key such as `__proto__` is a member like any other. */
function setMember(parent: unknown, key: string, value: unknown): void {
  if (typeof parent !== "object" || parent === null) return;
  Object.defineProperty(parent, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function memberOf(parent: unknown, key: string): unknown {
  if (typeof parent !== "object" || parent === null) return undefined;
  return Object.getOwnPropertyDescriptor(parent, key)?.value;
}

function tokensOf(pointer: string): string[] {
  if (pointer === "") return [];
  const tokens = pointer.slice(1).split("/");
  return tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Applies one patch (RFC 6901 pointers) to the documents of a part. */
export function patchDocuments(documents: unknown[], delta: JsonDelta): void {
  const tokens = [String(delta.documentIndex), ...tokensOf(delta.pointer)];
  const last = tokens.pop() ?? "0";
  const parent = tokens.reduce<unknown>(memberOf, documents);
  if (delta.change.case === "append") {
    const before = memberOf(parent, last);
    setMember(parent, last, `${typeof before === "string" ? before : ""}${delta.change.value}`);
  } else if (delta.change.case === "valueJson") {
    setMember(parent, last, JSON.parse(delta.change.value));
  }
}
