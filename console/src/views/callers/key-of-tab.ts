import { readKey } from "../../session.ts";

/** The key with this prefix is the one that this tab uses. */
export function isKeyOfTab(prefix: string): boolean {
  return prefix !== "" && readKey()?.startsWith(prefix) === true;
}
