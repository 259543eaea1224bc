/** `CIRCUIT_OPEN` or `HALF_OPEN` as `circuit open`, `half open`. */
export function wordsOf(name: string | undefined): string {
  return name === undefined ? "unknown" : name.toLowerCase().replaceAll("_", " ");
}
