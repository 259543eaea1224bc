/**
 * Every way in which so many records can be the last ones of killed replicas, of which each entry of `files` has the
 * records in their order. A ledger takes the records of a replica in that order, so it lacks the last ones of a
 * replica, also of the calls that the replica took over.
 */
export function* lostRecords<Line>(
  files: readonly (readonly Line[])[],
  missing: number,
): Generator<readonly Line[]> {
  const [file, ...others] = files;
  if (file === undefined) {
    if (missing === 0) yield [];
    return;
  }
  for (let lost = Math.min(missing, file.length); lost >= 0; lost--) {
    const own = file.slice(file.length - lost);
    for (const rest of lostRecords(others, missing - lost)) yield [...own, ...rest];
  }
}
