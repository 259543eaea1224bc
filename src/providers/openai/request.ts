import type { ProviderRequest } from "../provider.ts";
import type { ChatWire } from "../shared/chat-request.ts";
import { type ChatServer, COMPATIBLE_SERVER, chatWire as wireOf } from "../shared/chat-server.ts";

/** Whether the address is one of OpenAI's own, including regional ones. Other addresses are compatible servers. */
export function isOpenAi(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "api.openai.com" || hostname.endsWith(".api.openai.com");
}

const OWN_SERVER: ChatServer = {
  ...COMPATIBLE_SERVER,
  tokenLimitField: "max_completion_tokens",
  endUserField: "safety_identifier",
  obfuscates: true,
};

/** OpenAI's own form of Chat Completions, or the form for compatible servers. */
export function chatWire(request: ProviderRequest, own: boolean): ChatWire {
  return wireOf(request, own ? OWN_SERVER : COMPATIBLE_SERVER);
}
