import type { ProviderInstance } from "../../ports/provider-instance.ts";
import type { ProviderContext } from "../provider.ts";
import { type Authentication, createAuthentication, fixedCredential } from "./authentication.ts";
import { RefreshedCredential } from "./refreshed-credential.ts";

/** A key with its headers. */
interface KeyHeaders {
  readonly apiKey: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Authentication by the key of an instance. `createHeaders` creates the headers for a key, and headers that name the
 * client. A key from a file is read again when the provider refuses it.
 */
export async function apiKeyAuthentication(
  instance: ProviderInstance,
  { clock, readApiKey }: ProviderContext,
  createHeaders: (instance: ProviderInstance) => Promise<Readonly<Record<string, string>>>,
): Promise<Authentication> {
  const first = { apiKey: instance.apiKey, headers: await createHeaders(instance) };
  const source =
    readApiKey === undefined
      ? fixedCredential<KeyHeaders>(first)
      : new RefreshedCredential<KeyHeaders>({
          clock,
          first: { credential: first, expiresAt: undefined },
          async issue(_signal, known) {
            const apiKey = readApiKey();
            const isKnown = known !== undefined && known.apiKey === apiKey;
            const credential = isKnown
              ? known
              : { apiKey, headers: await createHeaders({ ...instance, apiKey }) };
            return { credential, expiresAt: undefined };
          },
        });
  return createAuthentication(source, (request, { headers }) => ({
    ...request,
    headers: { ...headers, ...request.headers },
  }));
}
