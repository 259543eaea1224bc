import type { ProviderRequest } from "../provider.ts";
import type { ChatWire } from "../shared/chat-request.ts";
import { type ChatServer, COMPATIBLE_SERVER, chatWire as wireOf } from "../shared/chat-server.ts";

const SERVER: ChatServer = { ...COMPATIBLE_SERVER, tokenLimitField: "max_completion_tokens" };

/** xAI caches prompts by itself: it takes no marks, and pads no deltas. */
export function chatWire(request: ProviderRequest): ChatWire {
  return wireOf(request, SERVER);
}
