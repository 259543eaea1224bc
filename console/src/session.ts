// The operator's key, and the address of the service.

const KEY = "steer.key";

/** The key of this tab; undefined: none. A closed tab forgets it. */
export function readKey(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function writeKey(key: string | undefined): void {
  if (key === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
}

/** Base URL of the service: this page's address up to `/console`, without a slash at its end. */
export function serviceUrl(page: Pick<URL, "origin" | "pathname"> = location): string {
  const end = page.pathname.lastIndexOf("/console");
  return page.origin + page.pathname.slice(0, Math.max(end, 0));
}
