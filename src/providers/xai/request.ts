import type { ProviderRequest } from "../provider.ts";
import type { ChatWire } from "../shared/chat-request.ts";
import { type ChatServer, COMPATIBLE_SERVER, chatWire as wireOf } from "../shared/chat-server.ts";

/**
 * xAI caches prompts by itself, so it accepts no marks. It pads no deltas. Without the thoughts of earlier answers,
 * its cache finds nothing: https://docs.x.ai/developers/advanced-api-usage/prompt-caching/multi-turn, read 2026-11-30
 */
export const SERVER: ChatServer = {
  ...COMPATIBLE_SERVER,
  tokenLimitField: "max_completion_tokens",
  reasoningField: "reasoning_content",
};

export function chatWire(request: ProviderRequest): ChatWire {
  return wireOf(request, SERVER);
}
