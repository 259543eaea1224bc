import { distance } from "fastest-levenshtein";

const MAX_NAMES = 5;
/** Shortest text that is searched inside other names; shorter ones are inside too many. */
const MIN_CONTAINED = 3;

function contains(outer: string, inner: string): boolean {
  return inner.length >= MIN_CONTAINED && outer.includes(inner);
}

/** The candidates that `name` probably means, nearest first. */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const tolerance = Math.max(2, Math.floor(wanted.length / 2));
  return Array.from(new Set(candidates), (candidate) => {
    const other = candidate.toLowerCase();
    const steps = distance(wanted, other);
    const isPart = contains(other, wanted) || contains(wanted, other);
    return { candidate, steps: isPart ? Math.min(steps, tolerance) : steps };
  })
    .filter(({ steps }) => steps <= tolerance)
    .sort((a, b) => a.steps - b.steps || a.candidate.localeCompare(b.candidate))
    .slice(0, MAX_NAMES)
    .map(({ candidate }) => candidate);
}

/** `; did you mean a, b?`, or "" if no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearNames(name, candidates);
  return names.length === 0 ? "" : `; did you mean ${names.join(", ")}?`;
}
