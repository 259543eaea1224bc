// Checks of delivery to consumers: P1, P2, P4.
import { entriesOf, groupBy, type HistoryEntry, type Violation } from "../history.ts";

/** P1: a consumer applies the sequences 1 to n without gaps and repetitions. */
export function checkSequences(history: readonly HistoryEntry[]): Violation[] {
  const events = entriesOf(history, "event");
  return [...groupBy(events, ({ consumer, streamId }) => `${consumer} ${streamId}`)].flatMap(
    ([reader, seen]) => {
      const wrong = seen.findIndex(({ sequence }, index) => sequence !== index + 1);
      if (wrong < 0) return [];
      const message = `${reader}: ${seen[wrong]?.sequence} came where ${wrong + 1} was due`;
      return [{ property: "P1", message }];
    },
  );
}

/** P2: two consumers agree on every event that both received as stored. */
export function checkAgreement(history: readonly HistoryEntry[]): Violation[] {
  const events = entriesOf(history, "event").filter(({ isUndurable }) => !isUndurable);
  const lossy = lossyStreams(history);
  const violations: Violation[] = [];
  const known = new Map<string, (typeof events)[number]>();
  for (const event of events) {
    const { streamId, sequence, digest, writer, consumer } = event;
    if (lossy.has(streamId)) continue;
    const place = `${streamId} ${sequence}`;
    const other = known.get(place);
    known.set(place, event);
    if (other === undefined || (other.digest === digest && other.writer === writer)) continue;
    violations.push({
      property: "P2",
      message: `${place}: ${other.consumer} and ${consumer} differ`,
    });
  }
  return violations;
}

/** P4: one terminal event with nothing after it, at the same sequence for all consumers. */
export function checkTerminals(history: readonly HistoryEntry[]): Violation[] {
  const events = entriesOf(history, "event");
  const lossy = lossyStreams(history);
  const violations: Violation[] = [];
  const ends = new Map<string, number>();
  for (const [reader, seen] of groupBy(events, (each) => `${each.consumer} ${each.streamId}`)) {
    const isLast = ({ body }: (typeof seen)[number]): boolean =>
      body.type === "complete" || body.type === "error";
    const first = seen.findIndex(isLast);
    const terminal = seen[first];
    if (terminal === undefined) continue;
    if (first !== seen.length - 1) {
      violations.push({ property: "P4", message: `${reader}: events behind the last one` });
    }
    const { streamId, sequence, isUndurable } = terminal;
    if (isUndurable || lossy.has(streamId)) continue;
    const other = ends.get(streamId);
    ends.set(streamId, sequence);
    if (other !== undefined && other !== sequence) {
      violations.push({ property: "P4", message: `${streamId} ends at ${other} and ${sequence}` });
    }
  }
  return violations;
}

/** Streams for which the store lost acknowledged events. */
export function lossyStreams(history: readonly HistoryEntry[]): ReadonlySet<string> {
  const lost = entriesOf(history, "rollback").flatMap(({ streams }) => streams);
  return new Set(lost.map(({ streamId }) => streamId));
}
