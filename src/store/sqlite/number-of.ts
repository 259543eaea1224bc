/** The number that a pragma or a counting statement answers. */
export function numberOf(row: Record<string, unknown> | undefined): number {
  return Number(Object.values(row ?? {})[0] ?? 0);
}
