/**
 * Proxies on the way to providers; "" is none. Their addresses can hold credentials, which are
 * secrets.
 */
export interface ProxySettings {
  /** For servers at `http:` addresses. */
  readonly http: string;
  /** For servers at `https:` addresses. */
  readonly https: string;
  /** Hosts that are called directly, as `NO_PROXY` lists them. */
  readonly except: string;
}

/** TLS with a provider, as PEM text; the key is a secret. */
export interface UpstreamTls {
  /** Authorities that may have signed its certificate, in place of those that Node trusts. */
  readonly ca?: string;
  /** Certificate that is shown to it, with its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** What a connection to a provider is made with, beside its address. */
export interface ConnectionSettings {
  readonly proxy?: ProxySettings;
  readonly tls?: UpstreamTls;
}
