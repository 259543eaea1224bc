// Where the service is, in the form that all clients take.
import { isIPv4, isIPv6 } from "node:net";
import { Code, SteerError } from "./steer-error.ts";

export interface ServiceAddress {
  readonly isSecure: boolean;
  /** The caller has said `http://` or `https://`. */
  readonly hasScheme: boolean;
  /** An IPv6 address is without its brackets. */
  readonly host: string;
  readonly port: number;
}

const FORM =
  /^(?:(https?):\/\/)?(?:\[([0-9a-f:.]+)\]|([0-9a-z_][0-9a-z._-]*))(?::([1-9][0-9]{0,4}))?$/i;
const MAX_PORT = 65_535;

/** `name` says where the text comes from. Throws `SteerError` ADDRESS_INVALID, which does not quote the text. */
export function parseServiceAddress(text: string, name: string): ServiceAddress {
  const [whole, scheme, literal, hostName = "", digits] = FORM.exec(text) ?? [];
  const isSecure = scheme?.toLowerCase() === "https";
  const usual = isSecure ? 443 : 80;
  const port = digits === undefined && scheme !== undefined ? usual : Number(digits);
  const isLiteral = literal === undefined || isIPv6(literal);
  // A port that is missing is not a number, and in no range.
  if (whole === undefined || !isLiteral || !(port <= MAX_PORT)) {
    const form = "host:port, http://host:port or https://host:port, with nothing behind it";
    const message = `${name}: an address is ${form}`;
    throw new SteerError({ code: Code.INVALID_ARGUMENT, reason: "ADDRESS_INVALID", message });
  }
  return { isSecure, hasScheme: scheme !== undefined, host: literal ?? hostName, port };
}

/** `host:port`, as gRPC writes it. */
export function hostAndPort({ host, port }: ServiceAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What is sent there does not leave this machine. */
export function isLoopback({ host }: ServiceAddress): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  // A URL has an IPv6 address in its shortest form.
  if (isIPv6(host)) return new URL(`http://[${host}]`).hostname === "[::1]";
  return host.toLowerCase() === "localhost";
}
