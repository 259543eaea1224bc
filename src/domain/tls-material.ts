/** What the files of a listener hold: a certificate with its key, and who signs clients. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}
