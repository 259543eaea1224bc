import { distance } from "fastest-levenshtein";

const MAX_NAMES = 5;

/** The candidates that `name` was probably meant to be, nearest first. */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const tolerance = Math.max(2, Math.floor(wanted.length / 2));
  return Array.from(new Set(candidates), (candidate) => {
    const other = candidate.toLowerCase();
    const contained = other.includes(wanted) || wanted.includes(other);
    return { candidate, steps: distance(wanted, other) - (contained ? tolerance : 0) };
  })
    .filter(({ steps }) => steps <= tolerance)
    .sort((a, b) => a.steps - b.steps || a.candidate.localeCompare(b.candidate))
    .slice(0, MAX_NAMES)
    .map(({ candidate }) => candidate);
}

/** `; did you mean a, b?`, or nothing where no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearNames(name, candidates);
  return names.length === 0 ? "" : `; did you mean ${names.join(", ")}?`;
}
