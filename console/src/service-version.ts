// The version of the service that answers, which can be another than that of an old page.
import { useEffect, useState } from "preact/hooks";

let version: string | undefined;
const listeners = new Set<(version: string) => void>();

/** Notes the version of an answer's header; null: the answer has none. */
export function noteVersion(noted: string | null): void {
  if (noted === null || noted === version) return;
  version = noted;
  for (const listener of listeners) listener(noted);
}

/** The version of the latest answer; undefined: none is known yet. */
export function useServiceVersion(): string | undefined {
  const [known, setKnown] = useState(version);
  useEffect(() => {
    listeners.add(setKnown);
    return () => void listeners.delete(setKnown);
  }, []);
  return known;
}
