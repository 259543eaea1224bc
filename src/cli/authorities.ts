import tls from "node:tls";

/**
 * PEM of the authorities that this program and this machine trust. The first call is slow because it reads many
 * files of the machine.
 */
export function trustedAuthorities(): Buffer {
  const all = new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")]);
  return Buffer.from([...all].join("\n"));
}
