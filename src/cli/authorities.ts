import tls from "node:tls";

/** PEM of the authorities that this program and this machine trust. Slow at the first call: the machine's are many files. */
export function trustedAuthorities(): Buffer {
  const all = new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")]);
  return Buffer.from([...all].join("\n"));
}
