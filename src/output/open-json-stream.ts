import type { StreamOptions } from "../domain/stream-options.ts";
import type { JsonStream } from "./json-stream.ts";

/** The JSON handler of a stream that asks for one. Its code is loaded on first use. */
export async function openJsonStream({ jsonMode }: StreamOptions): Promise<JsonStream | undefined> {
  if (jsonMode === "off") return undefined;
  const { createJsonStream } = await import("./json-stream.ts");
  return createJsonStream(jsonMode);
}
