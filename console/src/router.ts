// The view and its state are in the address behind `#`, so that a link shows the same.
import { useEffect, useState } from "preact/hooks";

export const VIEWS = [
  "now",
  "targets",
  "streams",
  "calls",
  "usage",
  "callers",
  "playground",
] as const;
export type View = (typeof VIEWS)[number];

export interface Place {
  readonly view: View;
  /** One entry of the view, for example a stream; "": all. */
  readonly entry: string;
  readonly params: URLSearchParams;
}

function isView(word: string): word is View {
  return (VIEWS as readonly string[]).includes(word);
}

export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [word = "", entry = ""] = path.split("/", 2);
  return {
    view: isView(word) ? word : "now",
    entry: decode(entry),
    params: new URLSearchParams(query),
  };
}

/** Addresses can be typed by hand, and a single `%` is no escape. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a place, for links. Empty values are left out. */
export function hrefOf(
  view: View,
  entry = "",
  params: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ""));
  const path = entry === "" ? view : `${view}/${encodeURIComponent(entry)}`;
  return query.size === 0 ? `#/${path}` : `#/${path}?${query}`;
}

export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const listen = (): void => setHash(location.hash);
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  return parsePlace(hash);
}
