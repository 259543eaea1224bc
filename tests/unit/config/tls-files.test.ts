import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSameTls, readTls, TlsProblem } from "../../../src/config/tls-files.ts";
import type { TlsMaterial } from "../../../src/domain/tls-material.ts";
import { type Certificates, makeCertificates } from "../../support/certificates.ts";

let made: Certificates;
let noPem: string;

beforeAll(() => {
  made = makeCertificates("client.test");
  noPem = join(made.ca, "../no.pem");
  writeFileSync(noPem, "no certificate");
});

afterAll(() => made[Symbol.dispose]());

function problemOf(files: Parameters<typeof readTls>[0]): unknown {
  try {
    return readTls(files);
  } catch (error) {
    return error;
  }
}

describe("readTls", () => {
  it("has what the files hold, and no authority where none is named", () => {
    const { serverCert: certFile, serverKey: keyFile, ca } = made;
    const tls = readTls({ certFile, keyFile });
    expect(tls).toEqual({
      cert: made.read(certFile),
      key: made.read(keyFile),
      clientCa: undefined,
    });
    expect(readTls({ certFile, keyFile, clientCaFile: ca }).clientCa).toEqual(made.read(ca));
  });

  it("names the file that cannot be read", () => {
    const { serverCert: certFile, serverKey: keyFile } = made;
    for (const [files, missing] of [
      [{ certFile: "/no/cert", keyFile }, "/no/cert"],
      [{ certFile, keyFile: "/no/key" }, "/no/key"],
      [{ certFile, keyFile, clientCaFile: "/no/ca" }, "/no/ca"],
    ] as const) {
      const problem = problemOf(files);
      expect(problem).toBeInstanceOf(TlsProblem);
      expect(problem).toMatchObject({
        message: `the TLS file ${missing} cannot be read`,
        cause: { code: "ENOENT" },
      });
    }
  });

  it("names both files that are no pair, and the code of OpenSSL", () => {
    const { serverCert: certFile, clientKey: keyFile } = made;
    const problem = problemOf({ certFile, keyFile });
    expect(problem).toBeInstanceOf(TlsProblem);
    expect((problem as Error).message).toMatch(
      new RegExp(`^the certificate ${certFile} and the key ${keyFile} are no pair \\(ERR_\\w+\\)$`),
    );
  });

  it("takes no authority without a certificate, which would refuse every client", () => {
    const { serverCert: certFile, serverKey: keyFile } = made;
    const problem = problemOf({ certFile, keyFile, clientCaFile: noPem });
    expect(problem).toBeInstanceOf(TlsProblem);
    expect((problem as Error).message).toMatch(
      new RegExp(`^the TLS file ${noPem} holds no certificate \\(ERR_\\w+\\)$`),
    );
  });
});

it("isSameTls tells any part that differs", () => {
  const one: TlsMaterial = { cert: Buffer.from("c"), key: Buffer.from("k"), clientCa: undefined };
  const other = Buffer.from("other");
  const withCa = { ...one, clientCa: Buffer.from("a") };
  expect(isSameTls(one, { ...one, cert: Buffer.from("c") })).toBe(true);
  expect(isSameTls(withCa, { ...one, clientCa: Buffer.from("a") })).toBe(true);
  for (const [a, b] of [
    [one, { ...one, cert: other }],
    [one, { ...one, key: other }],
    [one, withCa],
    [withCa, one],
    [withCa, { ...withCa, clientCa: other }],
  ] as const) {
    expect(isSameTls(a, b)).toBe(false);
  }
});
