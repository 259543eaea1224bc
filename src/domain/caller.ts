/** Identity of a caller, from its credential only. */
export interface Caller {
  readonly id: string;
  readonly role: "caller" | "operator";
  /** Prefix of the key of the call, if the key was made at run time. */
  readonly key?: string;
}

/** A caller with its credential: the hash of a key, or a name in its client certificate. */
export interface KnownCaller extends Caller {
  /** SHA-256 of the key, 64 hex digits in lower case. */
  readonly keySha256?: string;
  /** Subject alternative name: DNS name, URI, IP or mail address, of which the look says the type. */
  readonly clientCertSan?: string;
}
