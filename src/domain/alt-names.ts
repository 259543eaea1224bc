// Subject alternative names, each in the one text that equal names have: its type, a colon, its value.
import { canonicalIp } from "./ip-address.ts";

/** The scheme of a URI (RFC 3986). */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** One name as Node writes it: a value that could be taken for several is a JSON string. */
const ENTRY = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy;

/** RFC 9525: letters of either case, and a name of another script is its A-label. */
function dnsName(name: string): string {
  const plain = name.toLowerCase().replace(/\.$/, "");
  if (/^[\0-\x7f]*$/.test(plain) || !URL.canParse(`http://${plain}`)) return `DNS:${plain}`;
  return `DNS:${new URL(`http://${plain}`).hostname}`;
}

/** RFC 5280: the part before the last `@` as it is, the host in letters of either case. */
function emailAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return `email:${address.slice(0, at)}${address.slice(at).toLowerCase()}`;
}

/** A name as an operator writes it. Its look says its type: URI, address, mail address or DNS name. */
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
      // SPIFFE IDs, too, are compared as they are.
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
 * The names of a certificate whose subjectAltName Node wrote: `DNS:a.example, URI:"spiffe://a/b, c"`.
 * A text that cannot be read to its end has none.
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

/** What is behind the first label of a DNS name; undefined: the name has no label, or is none of DNS. */
function domainOf(name: string): string | undefined {
  const dot = name.indexOf(".");
  return name.startsWith("DNS:") && dot > "DNS:".length ? name.slice(dot) : undefined;
}

/** Values by the names of certificates. However many there are, none is looked at but those that are found. */
export class AltNameMap<Value> {
  readonly #byName = new Map<string, Value>();
  readonly #byDomain = new Map<string, Value[]>();

  /** A name of `altName`, once. */
  set(name: string, value: Value): void {
    this.#byName.set(name, value);
    const domain = domainOf(name);
    if (domain === undefined) return;
    const others = this.#byDomain.get(domain);
    if (others === undefined) this.#byDomain.set(domain, [value]);
    else others.push(value);
  }

  /**
   * The value of the first name that has one, else two at most for which wildcards stand. RFC 9525: a wildcard is
   * all of the first label, and stands for one label.
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
