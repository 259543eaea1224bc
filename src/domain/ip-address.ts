/** Without leading zeros, because some programs read those as octal. */
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`);
const IPV6 = /^[0-9a-f:.]+$/i;
const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

function octets(group: string | undefined): string {
  const value = Number.parseInt(group ?? "", 16);
  return `${value >> 8}.${value & 0xff}`;
}

/**
 * The normal form of an IP address, in which equal bytes are equal texts: IPv4 in dots, also if mapped into IPv6;
 * IPv6 without brackets. Undefined: not an address, or one with a zone.
 */
export function canonicalIp(text: string): string | undefined {
  if (IPV4.test(text)) return text;
  const url = `http://[${text}]`;
  if (!IPV6.test(text) || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const mapped = MAPPED.exec(hostname);
  return mapped === null ? hostname.slice(1, -1) : `${octets(mapped[1])}.${octets(mapped[2])}`;
}

/** A loopback address: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const ip = canonicalIp(address);
  return ip === "::1" || ip?.startsWith("127.") === true;
}
