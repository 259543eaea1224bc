/** The number in the result of a pragma or a counting statement. */
export function numberOf(row: Record<string, unknown> | undefined): number {
  return Number(Object.values(row ?? {})[0] ?? 0);
}
