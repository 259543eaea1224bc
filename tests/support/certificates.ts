import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate authority with one certificate for the server and one for a client. */
export interface Certificates extends Disposable {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** Certificates of the further clients, in order. */
  readonly more: readonly { readonly cert: string; readonly key: string }[];
  read(file: string): Buffer;
}

function openssl(folder: string, args: readonly string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
}

/**
 * Files in a temporary folder. `clientName` is the client's DNS name; `more` has a name such as `URI=a:b` for each
 * further client.
 */
export function makeCertificates(clientName: string, more: readonly string[] = []): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "steer-tls-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(folder, [
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=test ca",
  ]);
  for (const [name, san] of [
    ["server", "IP.1=127.0.0.1\nDNS.1=localhost"],
    ["client", `DNS.1=${clientName}`],
    ...more.map((san, index) => [`more${index}`, san.replace("=", ".1=")] as const),
  ] as const) {
    openssl(folder, [
      "req",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${name}`,
    ]);
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=@names\n[names]\n${san}\n`);
    openssl(folder, [
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.crt`,
    ]);
  }
  return {
    ca: join(folder, "ca.crt"),
    serverCert: join(folder, "server.crt"),
    serverKey: join(folder, "server.key"),
    clientCert: join(folder, "client.crt"),
    clientKey: join(folder, "client.key"),
    more: more.map((_, index) => ({
      cert: join(folder, `more${index}.crt`),
      key: join(folder, `more${index}.key`),
    })),
    read: (file) => readFileSync(file),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
