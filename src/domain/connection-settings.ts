/** Proxies on the way to providers; "" means none. Addresses can contain credentials, which are secrets. */
export interface ProxySettings {
  /** For servers at `http:` addresses. */
  readonly http: string;
  /** For servers at `https:` addresses. */
  readonly https: string;
  /** Hosts that are called directly, in the format of `NO_PROXY`. */
  readonly except: string;
}

/** TLS with a provider, as PEM text; the key is a secret. */
export interface UpstreamTls {
  /** Authorities for the provider's certificate, instead of those that Node trusts. */
  readonly ca?: string;
  /** The client's certificate, with its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** Settings of a connection to a provider beside its address. */
export interface ConnectionSettings {
  readonly proxy?: ProxySettings;
  readonly tls?: UpstreamTls;
}
