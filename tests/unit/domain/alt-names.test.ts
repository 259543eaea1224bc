import { describe, expect, it } from "vitest";
import { AltNameMap, altName, altNamesOf } from "../../../src/domain/alt-names.ts";
import { canonicalIp, isLoopback } from "../../../src/domain/ip-address.ts";

/** Whether an operator's name is one of a certificate whose subjectAltName Node wrote. */
function isIn(written: string, subjectAltName: string): boolean {
  const map = new AltNameMap<string>();
  map.set(altName(written), written);
  return map.find(altNamesOf(subjectAltName)).length > 0;
}

/** Values that are their names, as an operator writes them. */
function mapOf(...names: readonly string[]): AltNameMap<string> {
  const map = new AltNameMap<string>();
  for (const name of names) map.set(altName(name), name);
  return map;
}

/** The least milliseconds of many look-ups, which a busy machine does not lengthen. */
function leastMs(map: AltNameMap<string>, certified: readonly string[]): number {
  const times = Array.from({ length: 200 }, () => {
    const from = performance.now();
    map.find(certified);
    return performance.now() - from;
  });
  return Math.min(...times);
}

describe("whom a certificate names", () => {
  const map = mapOf("a.example", "1.two.example", "2.two.example", "b.one.example", "c.one.test");

  it.each([
    ["DNS:a.example", ["a.example"]],
    ["DNS:*.one.example", ["b.one.example"]],
    ["DNS:*.two.example", ["1.two.example", "2.two.example"]],
    // A name itself comes before a wildcard, wherever it stands.
    ["DNS:*.two.example, DNS:a.example", ["a.example"]],
    ["DNS:*.one.example, DNS:*.one.test", ["b.one.example", "c.one.test"]],
    ["DNS:*.one.example, DNS:*.one.example", ["b.one.example"]],
    ["DNS:*.nobody.example", []],
    ["", []],
  ])("%s: %s", (subjectAltName, expected) => {
    expect(map.find(altNamesOf(subjectAltName))).toEqual(expected);
  });

  it("field:X21: is found without a look at all others", () => {
    const few = mapOf("a.example", "b.example");
    const many = mapOf(
      ...Array.from({ length: 10_000 }, (_, index) => `a.caller-${index}.example`),
      ...Array.from({ length: 10_000 }, (_, index) => `caller-${index}.all.example`),
    );
    for (const name of ["*.caller-7.example", "*.all.example", "*.nobody.example"]) {
      const certified = altNamesOf(`DNS:${name}`);
      // Reading all of them would take thousands of times as long.
      expect(leastMs(many, certified)).toBeLessThan(100 * (leastMs(few, certified) + 0.001));
    }
  });
});

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
