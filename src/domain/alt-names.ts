// Subject alternative names in a normal form (type, colon, value), in which equal names are equal texts.
import { canonicalIp } from "./ip-address.ts";

/** The scheme of a URI (RFC 3986). */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** One name in Node's format. An ambiguous value is written as a JSON string. */
const ENTRY = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy;

/** RFC 9525: case-insensitive; a name in another script becomes its A-label. */
function dnsName(name: string): string {
  const plain = name.toLowerCase().replace(/\.$/, "");
  if (/^[\0-\x7f]*$/.test(plain) || !URL.canParse(`http://${plain}`)) return `DNS:${plain}`;
  return `DNS:${new URL(`http://${plain}`).hostname}`;
}

/** RFC 5280: the part before the last `@` is case-sensitive, the host is not. */
function emailAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return `email:${address.slice(0, at)}${address.slice(at).toLowerCase()}`;
}

/** A name as an operator writes it. Its form decides its type: URI, address, mail address or DNS name. */
export function altName(text: string): string {
  const ip = canonicalIp(text.replace(/^\[(.*)\]$/, "$1"));
  if (ip !== undefined) return `IP:${ip}`;
  if (SCHEME.test(text)) return `URI:${text}`;
  return text.includes("@") ? emailAddress(text) : dnsName(text);
}

function presented(type: string, value: string): readonly string[] {
  switch (type) {
    case "DNS":
      return [dnsName(value)];
    case "URI":
      // URIs, SPIFFE IDs included, are compared exactly.
      return [`URI:${value}`];
    case "email":
      return [emailAddress(value)];
    case "IP Address":
      return [canonicalIp(value)].flatMap((ip) => (ip === undefined ? [] : `IP:${ip}`));
    default:
      return [];
  }
}

/**
 * The names of a certificate from Node's `subjectAltName`, for example `DNS:a.example, URI:"spiffe://a/b, c"`. A
 * text that cannot be parsed to its end has no names.
 */
export function altNamesOf(subjectAltName: string | undefined): readonly string[] {
  if (subjectAltName === undefined) return [];
  const names: string[] = [];
  let end = 0;
  for (const [entry, type = "", value = ""] of subjectAltName.matchAll(ENTRY)) {
    end += entry.length;
    names.push(...presented(type, value.startsWith('"') ? String(JSON.parse(value)) : value));
  }
  return end === subjectAltName.length ? names : [];
}

/** The part after the first label of a DNS name; undefined if the name has one label or is not a DNS name. */
function domainOf(name: string): string | undefined {
  const dot = name.indexOf(".");
  return name.startsWith("DNS:") && dot > "DNS:".length ? name.slice(dot) : undefined;
}

/** Maps names of certificates to values, by look-ups whose cost does not depend on the number of values. */
export class AltNameMap<Value> {
  readonly #byName = new Map<string, Value>();
  readonly #byDomain = new Map<string, Value[]>();

  /** Adds a name in the form of `altName`. Each name is added once. */
  set(name: string, value: Value): void {
    this.#byName.set(name, value);
    const domain = domainOf(name);
    if (domain === undefined) return;
    const others = this.#byDomain.get(domain);
    if (others === undefined) this.#byDomain.set(domain, [value]);
    else others.push(value);
  }

  /**
   * The value of the first name that has one; otherwise at most two values that match by wildcard. RFC 9525: a
   * wildcard replaces the whole first label, exactly one label.
   */
  find(certified: readonly string[]): readonly Value[] {
    for (const name of certified) {
      const value = this.#byName.get(name);
      if (value !== undefined) return [value];
    }
    const found = new Set<Value>();
    for (const name of certified) {
      if (!name.startsWith("DNS:*.")) continue;
      for (const value of this.#byDomain.get(domainOf(name) ?? "") ?? []) {
        found.add(value);
        if (found.size === 2) return [...found];
      }
    }
    return [...found];
  }
}
