import type { ProviderInstance } from "../../ports/provider-instance.ts";
import type { ProviderContext } from "../provider.ts";
import { apiKeyAuthentication } from "./api-key-authentication.ts";
import type { Authentication } from "./authentication.ts";

/** Headers of the SDK's own requests that the adapter keeps: credentials and the client's name. */
const KEPT_HEADERS = ["accept", "authorization", "content-type", "user-agent"] as const;

/**
 * The headers that the `openai` SDK creates for this instance and key. Settings of the SDK's environment variables
 * are left out, because the configuration alone describes an instance, which may belong to another company.
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
  // A self-hosted server may need no key.
  if (instance.apiKey === "") delete headers.authorization;
  return headers;
}

/** Authentication for servers that accept the key in OpenAI's form. */
export function openAiAuthentication(
  instance: ProviderInstance,
  context: ProviderContext,
): Promise<Authentication> {
  return apiKeyAuthentication(instance, context, createOpenAiHeaders);
}
