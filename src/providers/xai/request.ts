import type { ProviderRequest } from "../provider.ts";
import type { ChatWire } from "../shared/chat-request.ts";

/** xAI caches prompts by itself: it takes no marks, and pads no deltas. */
export function chatWire({ spec }: ProviderRequest): ChatWire {
  return {
    tokenLimitField: "max_completion_tokens",
    endUserField: "user",
    endUserId: spec.endUserId || undefined,
    obfuscates: false,
    cacheField: undefined,
    reasoningField: undefined,
    streamOptions: true,
  };
}
