import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { UpstreamTls } from "../domain/connection-settings.ts";
import type { TlsMaterial } from "../domain/tls-material.ts";

/** Paths of PEM files. With `clientCaFile`, the listener asks clients for a certificate. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string;
}

/** Paths of PEM files for connections to a provider: the authorities of its certificate, and a client certificate. */
export interface UpstreamTlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** A bundle of all public authorities has a quarter of a MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Why TLS files cannot be used. The message names files, never their content. */
export class TlsProblem extends Error {
  override readonly name = "TlsProblem";
}

function read(file: string): Buffer {
  try {
    if (statSync(file).size <= MAX_BYTES) return readFileSync(file);
  } catch (cause) {
    throw new TlsProblem(`the TLS file ${file} cannot be read`, { cause });
  }
  throw new TlsProblem(`the TLS file ${file} is larger than ${MAX_BYTES} bytes`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
}

/** Reads the files and checks that they can serve a handshake. Throws `TlsProblem`. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): TlsMaterial {
  const pair = readPair(certFile, keyFile);
  const clientCa = clientCaFile === undefined ? undefined : readAuthority(clientCaFile);
  return { ...pair, clientCa };
}

/** Reads the files and checks that a handshake can begin with them. Throws `TlsProblem`. */
export function readUpstreamTls({ caFile, certFile, keyFile }: UpstreamTlsFiles): UpstreamTls {
  const ca = caFile === undefined ? undefined : readAuthority(caFile).toString();
  const pair =
    certFile === undefined || keyFile === undefined ? undefined : readPair(certFile, keyFile);
  return {
    ...(ca !== undefined && { ca }),
    ...(pair !== undefined && { cert: pair.cert.toString(), key: pair.key.toString() }),
  };
}

function readPair(certFile: string, keyFile: string): Pick<TlsMaterial, "cert" | "key"> {
  const pair = { cert: read(certFile), key: read(keyFile) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    const message = `the certificate ${certFile} and the key ${keyFile} are no pair${codeOf(cause)}`;
    throw new TlsProblem(message, { cause });
  }
  return pair;
}

/** OpenSSL accepts a file without a certificate, and then refuses every peer. */
function readAuthority(file: string): Buffer {
  const pem = read(file);
  try {
    new X509Certificate(pem);
    createSecureContext({ ca: pem });
  } catch (cause) {
    throw new TlsProblem(`the TLS file ${file} holds no certificate${codeOf(cause)}`, { cause });
  }
  return pem;
}

/** Whether both serve the same handshakes. */
export function isSameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  const isSameCa =
    a.clientCa === undefined || b.clientCa === undefined
      ? a.clientCa === b.clientCa
      : a.clientCa.equals(b.clientCa);
  return isSameCa && a.cert.equals(b.cert) && a.key.equals(b.key);
}
