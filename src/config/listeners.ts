import { FIELD_PASSES } from "../domain/field-pass.ts";
import { ageFields } from "./drain.ts";
import {
  address,
  ConfigProblem,
  duration,
  flag,
  matching,
  oneOf,
  type Reader,
  text,
} from "./readers.ts";
import { list, object, reshaped } from "./sections.ts";
import type { TlsFiles } from "./tls-files.ts";

const tlsFields = object({ cert_file: text, key_file: text, client_ca_file: text });

/** TLS is on if a certificate is set. A key must be set as well. */
const tls = reshaped(tlsFields, (files, path): TlsFiles | undefined => {
  const { certFile, keyFile } = files;
  if (Object.keys(files).length === 0) return undefined;
  if (certFile === undefined) throw new ConfigProblem([...path, "cert_file"], "is required");
  if (keyFile === undefined) throw new ConfigProblem([...path, "key_file"], "is required");
  return { ...files, certFile, keyFile };
});

/** `*`, or an origin as browsers send it in `Origin`, without a path. */
const origin: Reader<string> = (value, path) => {
  const given = text(value, path);
  if (given === "*" || (URL.canParse(given) && new URL(given).origin === given)) return given;
  throw new ConfigProblem(path, 'must be "*" or an origin such as "https://app.example"');
};

const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/i;
const hostName = matching(HOST, "a host name or address without scheme and port, IPv6 in brackets");

/** A host name in the form for comparison: lower case, without a final dot. */
const host: Reader<string> = (value, path) =>
  hostName(value, path).toLowerCase().replace(/\.$/, "");

/** The section `grpc` of the file. */
export const grpcFields = object({ address, tls, ...ageFields });

/** The section `http` of the file. */
export const httpFields = object({ address, tls, cors_origins: list(origin), hosts: list(host) });

const fieldName = matching(/^[\w.-]{1,128}$/, "the name of a field, a tool or a beta");

/** The section `console` of the file. */
export const consoleFields = object({ enabled: flag });

/** The section `doors` of the file. */
export const doorFields = object({
  openai: flag,
  anthropic: flag,
  store: flag,
  retention: duration,
  pass: oneOf(...FIELD_PASSES),
  pass_fields: list(fieldName),
});
