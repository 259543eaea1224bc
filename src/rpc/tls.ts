import { readFileSync } from "node:fs";

/** Paths of PEM files. `clientCaFile` makes the listener ask clients for a certificate. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`the TLS file ${file} cannot be read`, { cause });
  }
}

export function readTls(files: TlsFiles): TlsMaterial {
  return {
    cert: read(files.certFile),
    key: read(files.keyFile),
    clientCa: files.clientCaFile === undefined ? undefined : read(files.clientCaFile),
  };
}

/** DNS and URI names of a verified certificate: `DNS:a.example, URI:spiffe://a/b`. */
export function certificateNames(subjectAltName: string | undefined): readonly string[] {
  if (subjectAltName === undefined) return [];
  return subjectAltName
    .split(", ")
    .map((entry) => /^(?:DNS|URI):(.+)$/.exec(entry)?.[1])
    .filter((name) => name !== undefined);
}
