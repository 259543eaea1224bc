import type { ConnectionSettings } from "../domain/connection-settings.ts";

/** A configured instance. */
export interface ProviderInstance {
  /** The string that names it everywhere. */
  readonly id: string;
  readonly type: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Version of the API that requests name. */
  readonly apiVersion: string | undefined;
  /** Extra headers of every request, e.g. an organisation. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connection: ConnectionSettings;
}
