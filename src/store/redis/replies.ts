// Readers of Redis replies. An unexpected kind of reply is `StoreUnavailable`.
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Reply } from "./client.ts";

export function bytesOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length);
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  if (!Array.isArray(reply)) throw new StoreUnavailable("unknown", "Redis answers no list");
  return reply;
}

export function bufferOf(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new StoreUnavailable("unknown", "Redis answers no string");
  return reply;
}

export function textOf(reply: Reply | undefined): string {
  return bufferOf(reply).toString();
}
