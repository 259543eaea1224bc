// Checks of the possible cost of one call: P18.
import { entriesOf, groupBy, type HistoryEntry, type Violation } from "../history.ts";

/** The documented values of `MAX_HAND_OVERS`, `stream.max_takeovers` and `retry.total_attempts`. */
const MAX_HAND_OVERS = 8;
const MAX_TAKEOVERS = 2;
const TOTAL_ATTEMPTS = 4;

/**
 * P18: a generation runs once, plus once for each takeover after a loss (at most 2) and for each planned hand-over
 * (at most 8). Each run calls providers at most `total_attempts` times. A store that loses its last seconds can
 * forget one of these counts.
 */
export function checkPayments(history: readonly HistoryEntry[]): Violation[] {
  const rollbacks = entriesOf(history, "rollback").length;
  const handOffs = groupBy(entriesOf(history, "hand-off"), ({ streamId }) => streamId);
  const streamOf = new Map(
    entriesOf(history, "log").map(({ generation, streamId }) => [generation, streamId]),
  );
  const plannedOf = (generation: string): number => {
    const streamId = streamOf.get(generation);
    const of = streamId === undefined ? [...handOffs.values()].flat() : handOffs.get(streamId);
    const planned = of?.filter(({ cause }) => cause === "planned").length ?? 0;
    return Math.min(MAX_HAND_OVERS, planned);
  };
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ property: "P18", message });
  for (const [generation, runs] of groupBy(entriesOf(history, "run"), (run) => run.generation)) {
    const most = 1 + MAX_TAKEOVERS + plannedOf(generation) + rollbacks;
    if (runs.length > most) report(`${generation} was run ${runs.length} times, ${most} at most`);
  }
  const calls = entriesOf(history, "call").filter(({ phase }) => phase === "opened");
  for (const [run, opened] of groupBy(calls, ({ run: of }) => String(of))) {
    if (opened.length > TOTAL_ATTEMPTS)
      report(`run ${run} called providers ${opened.length} times`);
  }
  for (const { replica } of entriesOf(history, "defect")) report(`${replica} has a defect`);
  return violations;
}
