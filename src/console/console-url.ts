import { addressText, type ListenAddress } from "../rpc/listen.ts";
import { CONSOLE_PATH } from "./console-pages.ts";

/** Addresses of all interfaces, which a browser cannot open. */
const ANY = ["0.0.0.0", "::"];

/** Address of the console for a browser on this machine. */
export function consoleUrl(address: ListenAddress, hasTls: boolean): string {
  const host = ANY.includes(address.host) ? "localhost" : address.host;
  const scheme = hasTls ? "https" : "http";
  return `${scheme}://${addressText({ ...address, host })}${CONSOLE_PATH}/`;
}
