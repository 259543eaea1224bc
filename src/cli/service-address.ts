// Address of the service. The clients in clients/ accept the same forms.
import { isIPv4, isIPv6 } from "node:net";
import { UsageError } from "./usage-error.ts";

export interface ServiceAddress {
  readonly isSecure: boolean;
  /** The address has `http://` or `https://`. */
  readonly hasScheme: boolean;
  /** An IPv6 address has no brackets here. */
  readonly host: string;
  readonly port: number;
}

const FORM =
  /^(?:(https?):\/\/)?(?:\[([0-9a-f:.]+)\]|([0-9a-z_][0-9a-z._-]*))(?::([1-9][0-9]{0,4}))?$/i;
const MAX_PORT = 65_535;

/** Throws `UsageError`, which does not quote the address. */
export function parseServiceAddress(text: string): ServiceAddress {
  const [whole, scheme, literal, hostName = "", digits] = FORM.exec(text) ?? [];
  const isSecure = scheme?.toLowerCase() === "https";
  const usual = isSecure ? 443 : 80;
  const port = digits === undefined && scheme !== undefined ? usual : Number(digits);
  const isLiteral = literal === undefined || isIPv6(literal);
  // A missing port is NaN, which fails the comparison.
  if (whole === undefined || !isLiteral || !(port <= MAX_PORT)) {
    const form = "host:port, http://host:port or https://host:port, with nothing behind it";
    throw new UsageError(`STEER_ADDRESS: an address is ${form}`);
  }
  return { isSecure, hasScheme: scheme !== undefined, host: literal ?? hostName, port };
}

/** `host:port`, as gRPC writes it. */
export function hostAndPort({ host, port }: ServiceAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether data sent to this address stays on this machine. */
export function isLoopback({ host }: ServiceAddress): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  // A URL writes an IPv6 address in its shortest form.
  if (isIPv6(host)) return new URL(`http://[${host}]`).hostname === "[::1]";
  return host.toLowerCase() === "localhost";
}
