import type { ProviderInstance } from "../../ports/provider-instance.ts";
import type { ProviderContext } from "../provider.ts";
import { apiKeyAuthentication } from "./api-key-authentication.ts";
import type { Authentication } from "./authentication.ts";

/** Headers of the SDK's own requests that carry credentials and say who calls. */
const KEPT_HEADERS = ["accept", "authorization", "content-type", "user-agent"] as const;

/**
 * The headers that the `openai` SDK puts on a request of this instance, built once for a key.
 * What the SDK finds in the environment stays out: an instance is what its
 * configuration says, and may belong to another company.
 */
export async function createOpenAiHeaders(
  instance: ProviderInstance,
): Promise<Readonly<Record<string, string>>> {
  const { OpenAI } = await import("openai");
  const client = new OpenAI({
    apiKey: instance.apiKey || "none",
    adminAPIKey: null,
    baseURL: instance.baseUrl,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    maxRetries: 0,
  });
  const { req } = await client.buildRequest({ method: "post", path: "/", body: {} });
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = req.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  // A server of one's own may need no key.
  if (instance.apiKey === "") delete headers.authorization;
  return headers;
}

/** Authentication of a server that takes the key as OpenAI does. */
export function openAiAuthentication(
  instance: ProviderInstance,
  context: ProviderContext,
): Promise<Authentication> {
  return apiKeyAuthentication(instance, context, createOpenAiHeaders);
}
