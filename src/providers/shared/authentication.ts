import { GatewayError } from "../../domain/gateway-error.ts";
import type { UpstreamRequest } from "./upstream.ts";

/** Source of an instance's credential: a key of the configuration, a file or a token service. */
export interface CredentialSource<Credential> {
  /**
   * The credential for the next request. Rejects with a `GatewayError` of kind
   * `provider-authentication` if there is none, and with the signal's reason after an abort.
   */
  current(signal: AbortSignal): Credential | Promise<Credential>;
  /**
   * Called when the provider has refused `refused`. Returns the credential that has replaced it, or undefined if none
   * has. Rejects like `current`.
   */
  replacement(refused: Credential, signal: AbortSignal): Promise<Credential | undefined>;
  /** Ends what the source still does. From then on, no credential is obtained. */
  close(): void;
}

/**
 * Adds a credential to a request: as a header, or as a signature over the path, the headers and the body. The method
 * is POST, and the origin is that of the instance. The result is sent unchanged.
 */
export type SignRequest<Credential> = (
  request: UpstreamRequest,
  credential: Credential,
) => UpstreamRequest | Promise<UpstreamRequest>;

/** The credential of an instance in its requests. */
export interface Authentication {
  /**
   * Sends a request with the credential. `send` is called once, and once more if the provider has refused the
   * credential and a replacement exists.
   */
  run<Answer>(
    request: UpstreamRequest,
    signal: AbortSignal,
    send: (signed: UpstreamRequest) => Promise<Answer>,
  ): Promise<Answer>;
  /** Closes the source of the credential. */
  close(): void;
}

function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && error.kind === "provider-authentication";
}

export function createAuthentication<Credential>(
  source: CredentialSource<Credential>,
  sign: SignRequest<Credential>,
): Authentication {
  return {
    async run(request, signal, send) {
      const credential = await source.current(signal);
      const signed = await sign(request, credential);
      try {
        return await send(signed);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        // The provider's refusal is more useful than the error of a failed source.
        const other = await source.replacement(credential, signal).catch(() => undefined);
        signal.throwIfAborted();
        if (other === undefined) throw error;
        return send(await sign(request, other));
      }
    },
    close: () => source.close(),
  };
}

/** A credential that never changes. */
export function fixedCredential<Credential>(credential: Credential): CredentialSource<Credential> {
  return { current: () => credential, replacement: async () => undefined, close: () => {} };
}
