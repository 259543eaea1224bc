// Which records a ledger lacks after replicas were killed.
import type { UsageLine } from "../../support/usage-records.ts";

/** The call records of a killed replica, in their order, with the label by which the ledger sums each. */
export interface KilledFile {
  readonly lines: readonly UsageLine[];
  readonly labelOf: (line: UsageLine) => string;
}

/** Labels of the last lines of a file, the last one first, as far as the ledger can lack them. */
function lastLabels({ lines, labelOf }: KilledFile, missing: ReadonlyMap<string, number>) {
  const left = new Map(missing);
  const labels: string[] = [];
  for (const line of lines.toReversed()) {
    const label = labelOf(line);
    const count = left.get(label) ?? 0;
    if (count === 0) break;
    left.set(label, count - 1);
    labels.push(label);
  }
  return labels;
}

/**
 * Every way in which the last lines of killed replicas can be what the ledger lacks. A ledger takes the records of a
 * replica in their order, so it lacks the last ones of a replica, whoever those calls were made at: a replica also
 * records the calls that it took over. `missing`: the number of lacking calls of each label.
 */
export function* lostRecords(
  files: readonly KilledFile[],
  missing: ReadonlyMap<string, number>,
): Generator<readonly UsageLine[]> {
  const [file, ...others] = files;
  if (file === undefined) {
    if ([...missing.values()].every((count) => count === 0)) yield [];
    return;
  }
  const labels = lastLabels(file, missing);
  const elsewhere = new Set(others.flatMap((other) => lastLabels(other, missing)));
  for (let lost = 0; lost <= labels.length; lost++) {
    const left = new Map(missing);
    for (const label of labels.slice(0, lost)) left.set(label, (left.get(label) ?? 0) - 1);
    const isOpen = [...left].some(([label, count]) => count > 0 && !elsewhere.has(label));
    if (isOpen) continue;
    const own = file.lines.slice(file.lines.length - lost);
    for (const rest of lostRecords(others, left)) yield [...own, ...rest];
  }
}
