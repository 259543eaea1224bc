import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

/** Paths of PEM files. `clientCaFile` makes the listener ask clients for a certificate. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string;
}

/** What the files of a listener hold: a certificate with its key, and who signs clients. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

/** Why files cannot be used for TLS. It names files and never what they hold. */
export class TlsProblem extends Error {
  override readonly name = "TlsProblem";
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TlsProblem(`the TLS file ${file} cannot be read`, { cause });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
}

/** Reads the files and checks that they can serve a handshake. Throws `TlsProblem`. */
export function readTls(files: TlsFiles): TlsMaterial {
  const { certFile, keyFile, clientCaFile } = files;
  const cert = read(certFile);
  const key = read(keyFile);
  const clientCa = clientCaFile === undefined ? undefined : read(clientCaFile);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const message = `the certificate ${certFile} and the key ${keyFile} are no pair${codeOf(cause)}`;
    throw new TlsProblem(message, { cause });
  }
  if (clientCa !== undefined) checkAuthority(clientCa, String(clientCaFile));
  return { cert, key, clientCa };
}

/** OpenSSL takes a file without a certificate, and then refuses every client. */
function checkAuthority(pem: Buffer, file: string): void {
  try {
    new X509Certificate(pem);
    createSecureContext({ ca: pem });
  } catch (cause) {
    throw new TlsProblem(`the TLS file ${file} holds no certificate${codeOf(cause)}`, { cause });
  }
}

/** Both serve the same handshakes. */
export function isSameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  const isSameCa =
    a.clientCa === undefined || b.clientCa === undefined
      ? a.clientCa === b.clientCa
      : a.clientCa.equals(b.clientCa);
  return isSameCa && a.cert.equals(b.cert) && a.key.equals(b.key);
}
