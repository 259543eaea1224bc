// Address and key of a client: from options, otherwise from the environment.
import { checkedKey } from "./checked-key.ts";
import {
  hostAndPort,
  isLoopback,
  parseServiceAddress,
  type ServiceAddress,
} from "./service-address.ts";

const DEFAULT_ADDRESS = "127.0.0.1:50051";

export interface ConnectionOptions {
  /**
   * `host:port` or `http://host:port` for clear text, `https://host:port` for TLS. Default: the variable
   * STEER_ADDRESS, otherwise 127.0.0.1:50051.
   */
  readonly address?: string;
  /**
   * The caller's key; a function is called before each call. Default: the variable STEER_API_KEY. An empty key is
   * not sent.
   */
  readonly token?: string | (() => string);
}

export interface CallerKey {
  /** The key of the next call; empty: none is sent. Throws `SteerError` KEY_INVALID. */
  readonly next: () => string;
  /** False: there is no key. */
  readonly isPossible: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `SteerError` ADDRESS_INVALID. */
export function addressOf(
  { address }: ConnectionOptions,
  { STEER_ADDRESS }: Environment,
): ServiceAddress {
  if (address !== undefined) return parseServiceAddress(address, "address");
  return parseServiceAddress(STEER_ADDRESS || DEFAULT_ADDRESS, "STEER_ADDRESS");
}

/** Throws `SteerError` KEY_INVALID. */
export function keyOf(
  { token }: ConnectionOptions,
  { STEER_API_KEY = "" }: Environment,
): CallerKey {
  if (typeof token === "function") {
    return { next: () => checkedKey(token(), "token"), isPossible: true };
  }
  const key =
    token === undefined ? checkedKey(STEER_API_KEY, "STEER_API_KEY") : checkedKey(token, "token");
  return { next: () => key, isPossible: key !== "" };
}

/**
 * The warning for a key that is sent in clear text; undefined: none. An address with `http://` means that clear
 * text is intended.
 */
export function clearKeyWarning(address: ServiceAddress): string | undefined {
  if (address.isSecure || address.hasScheme || isLoopback(address)) return undefined;
  const place = hostAndPort(address);
  return `the key goes to ${place} in the clear: write https://${place}, or http://${place} if that is meant`;
}
