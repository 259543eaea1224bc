import { describe, expect, it } from "vitest";
import { altName, altNamesOf, isNamedBy } from "../../../src/domain/alt-names.ts";
import { canonicalIp, isLoopback } from "../../../src/domain/ip-address.ts";

/** Whether an operator's name is one of a certificate whose subjectAltName Node wrote. */
function isIn(written: string, subjectAltName: string): boolean {
  return altNamesOf(subjectAltName).some((certified) => isNamedBy(altName(written), certified));
}

describe("alternative names", () => {
  it.each([
    ["a.example", "DNS:a.example"],
    ["A.Example", "DNS:a.eXAMPLE"],
    ["a.example.", "DNS:a.example"],
    ["a.example", "DNS:a.example."],
    ["bücher.example", "DNS:xn--bcher-kva.example"],
    ["a.example", "DNS:*.example"],
    ["a.b.example", "DNS:x.example, DNS:*.B.example"],
    ["*.example", "DNS:*.example"],
    ["10.0.0.7", "IP Address:10.0.0.7"],
    ["10.0.0.7", "IP Address:0:0:0:0:0:FFFF:A00:7"],
    ["::ffff:10.0.0.7", "IP Address:10.0.0.7"],
    ["fd00::1", "IP Address:FD00:0:0:0:0:0:0:1"],
    ["[fd00:0::1]", "IP Address:FD00:0:0:0:0:0:0:1"],
    ["spiffe://td/ns/a", "URI:spiffe://td/ns/a"],
    ["urn:uuid:1", "DNS:b.example, URI:urn:uuid:1"],
    ["Ann@example.com", "email:Ann@EXAMPLE.com"],
    ["spiffe://td/a, b", 'URI:"spiffe://td/a, b"'],
    ["a.example", 'DirName:"CN=x, O=y", DNS:a.example'],
  ])("%s is in %s", (written, subjectAltName) => {
    expect(isIn(written, subjectAltName)).toBe(true);
  });

  it.each([
    ["a.example", "DNS:b.example"],
    ["a.example", "DNS:a.example.evil"],
    ["example", "DNS:*.example"],
    ["a.b.example", "DNS:*.example"],
    [".example", "DNS:*.example"],
    ["api.example", "DNS:a*.example"],
    ["a.b.example", "DNS:a.*.example"],
    ["a.example", "DNS:*"],
    // A wildcard of the operator is the certificate's own, letter by letter.
    ["*.example", "DNS:a.example"],
    ["10.0.0.7", "IP Address:10.0.0.8"],
    ["10.0.0.7", "DNS:10.0.0.7"],
    ["10.0.0.7", "DNS:*.0.0.7"],
    ["spiffe://td/ns/a", "URI:spiffe://TD/ns/a"],
    ["spiffe://td/ns/a", "URI:spiffe://td/ns/a/"],
    ["a.example", "URI:a.example"],
    ["Ann@example.com", "email:ann@example.com"],
    ["a.example", "DirName:CN=a.example"],
    // One URI that reads like three names.
    ["admin.example", 'URI:"spiffe://td/x, DNS:admin.example, y"'],
    ["admin.example", 'DNS:"x, DNS:admin.example"'],
    // No more than a beginning can be read.
    ["a.example", 'DNS:a.example, URI:"'],
  ])("%s is not in %s", (written, subjectAltName) => {
    expect(isIn(written, subjectAltName)).toBe(false);
  });

  it.each([
    ["127.0.0.1", true],
    ["127.255.255.254", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["::ffff:7f00:1", true],
    ["128.0.0.1", false],
    ["::2", false],
    ["127.0.0.1.evil.example", false],
    ["127.1", false],
    ["0127.0.0.1", false],
    ["2130706433", false],
    ["", false],
  ])("the address %s is of this machine: %s", (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });

  it("knows no address with a zone or a part that is too large", () => {
    for (const text of ["fe80::1%eth0", "256.0.0.1", "1.2.3", "a", ":::", "::1]"]) {
      expect(canonicalIp(text), text).toBeUndefined();
    }
  });
});
