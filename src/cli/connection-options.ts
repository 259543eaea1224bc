// Options of every command: trusted authorities and the client certificate.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { parseArgs } from "node:util";
import type { ClientTls } from "./client.ts";
import { CONNECTION_FLAGS } from "./flags.ts";
import { parseServiceAddress } from "./service-address.ts";
import { UsageError } from "./usage-error.ts";

type Files = { readonly [Name in keyof typeof CONNECTION_FLAGS]?: string };

/** Removes these options from the arguments; the command gets the others unchanged. */
export function splitConnectionOptions(args: readonly string[]): {
  readonly files: Files;
  readonly rest: readonly string[];
} {
  const { tokens } = parseArgs({
    args: [...args],
    options: CONNECTION_FLAGS,
    strict: false,
    tokens: true,
  });
  const files: Record<string, string> = {};
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(CONNECTION_FLAGS, token.name)) continue;
    if (token.value === undefined || token.value === "") {
      throw new UsageError(`--${token.name} takes a file`);
    }
    files[token.name] = token.value;
    taken.add(token.index);
    if (!token.inlineValue) taken.add(token.index + 1);
  }
  return { files, rest: args.filter((_, index) => !taken.has(index)) };
}

function read(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError(`--${name}: ${path} cannot be read`);
  }
}

/** Reads the files. Throws `UsageError`. */
export function readClientTls(files: Files, address: string): ClientTls {
  const { ca, cert, key } = files;
  const [given] = Object.keys(files);
  if (given !== undefined && !parseServiceAddress(address).isSecure) {
    throw new UsageError(
      `--${given} is for TLS, and the address is ${address}: set STEER_ADDRESS=https://…`,
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("--cert and --key belong together");
  }
  const authorities = ca === undefined ? undefined : read("ca", ca);
  try {
    if (authorities !== undefined) new X509Certificate(authorities);
  } catch {
    throw new UsageError(`--ca: ${ca} is not a certificate in PEM`);
  }
  const identity =
    cert === undefined || key === undefined
      ? undefined
      : { cert: read("cert", cert), key: read("key", key) };
  try {
    if (identity !== undefined) createSecureContext(identity);
  } catch {
    throw new UsageError(
      `--cert and --key: ${cert} and ${key} are not a certificate in PEM and its key`,
    );
  }
  return {
    ...(authorities !== undefined && { ca: authorities }),
    ...(identity !== undefined && { identity }),
  };
}
