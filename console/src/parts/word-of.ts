/** The word of an enum's value, as in `rate limit`; a value that is newer than this page is its number. */
export function wordOf(names: Readonly<Record<number, string>>, value: number): string {
  return (names[value] ?? String(value)).toLowerCase().replaceAll("_", " ");
}
