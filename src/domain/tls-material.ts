/** TLS files of a listener: a certificate with its key, and the authority of client certificates. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}
