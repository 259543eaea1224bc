// Checks of the log's content and writers: P5 to P8.
import { entriesOf, groupBy, type HistoryEntry, type Violation } from "../history.ts";
import { lossyStreams } from "./check-delivery.ts";

/** P5: no writer has an event after the position at which another writer took over. */
export function checkFences(history: readonly HistoryEntry[]): Violation[] {
  const lossy = lossyStreams(history);
  const logs = entriesOf(history, "log").filter(({ streamId }) => !lossy.has(streamId));
  const claims = groupBy(entriesOf(history, "claim"), ({ streamId }) => streamId);
  const delivered = groupBy(
    entriesOf(history, "event").filter(({ isUndurable }) => !isUndurable),
    ({ streamId }) => streamId,
  );
  return logs.flatMap(({ streamId, events }) => {
    const own = claims.get(streamId) ?? [];
    const all = [...events, ...(delivered.get(streamId) ?? [])];
    return own.flatMap(({ epoch, tail }) => {
      const later = new Set(own.filter((each) => each.epoch >= epoch).map(({ writer }) => writer));
      const late = all.find(({ sequence, writer }) => sequence > tail && !later.has(writer));
      if (late === undefined) return [];
      const message = `${streamId}: ${late.sequence} of an owner before epoch ${epoch}, claimed at ${tail}`;
      return [{ property: "P5", message }];
    });
  });
}

/** The first event is stored with its stream. */
const CREATED = 1;

/** P6: nothing is delivered before the store has acknowledged it, whatever the store loses later. */
export function checkOrder(history: readonly HistoryEntry[]): Violation[] {
  const stored = new Set<string>();
  const violations: Violation[] = [];
  for (const entry of history) {
    if (entry.type === "append" && /^(stored|repeated)$/.test(entry.answer)) {
      const { streamId, writer, first, last } = entry;
      for (let each = first; each <= last; each++) stored.add(`${streamId} ${each} ${writer}`);
    }
    if (entry.type !== "event" || entry.isUndurable || entry.sequence === CREATED) continue;
    const { consumer, streamId, sequence, writer } = entry;
    if (stored.has(`${streamId} ${sequence} ${writer}`)) continue;
    const message = `${consumer}: ${streamId} ${sequence} came before it was stored`;
    violations.push({ property: "P6", message });
  }
  return violations;
}

/** P6: everything delivered as stored is in the log at the end. */
export function checkDurability(history: readonly HistoryEntry[]): Violation[] {
  const lossy = lossyStreams(history);
  const logs = new Map(entriesOf(history, "log").map((log) => [log.streamId, log.events]));
  const violations: Violation[] = [];
  for (const event of entriesOf(history, "event")) {
    const { streamId, sequence, writer, digest, consumer, isUndurable } = event;
    const log = logs.get(streamId);
    if (isUndurable || log === undefined || lossy.has(streamId)) continue;
    const stored = log[sequence - 1];
    if (stored?.digest === digest && stored.writer === writer) continue;
    const message = `${consumer}: ${streamId} ${sequence} is not what the log holds`;
    violations.push({ property: "P6", message });
  }
  return violations;
}

/**
 * P7: if the store has lost events, each consumer has a part of one log, or an error that says so: never the
 * beginning of one log and the end of another.
 */
export function checkLosses(history: readonly HistoryEntry[]): Violation[] {
  const lossy = lossyStreams(history);
  const logs = new Map(entriesOf(history, "log").map((log) => [log.streamId, log.events]));
  const events = entriesOf(history, "event").filter(({ streamId }) => lossy.has(streamId));
  const violations: Violation[] = [];
  for (const [reader, seen] of groupBy(events, (each) => `${each.consumer} ${each.streamId}`)) {
    const log = logs.get(seen[0]?.streamId ?? "") ?? [];
    let isApart = false;
    for (const { sequence, writer, digest, isUndurable } of seen) {
      const stored = log[sequence - 1];
      const isSame = stored?.digest === digest && stored.writer === writer;
      if (isSame && isApart) {
        violations.push({ property: "P7", message: `${reader}: spliced at ${sequence}` });
        break;
      }
      if (!isSame && !isUndurable) isApart = true;
    }
  }
  return violations;
}

/** P8: repeated appends change nothing: each event is added once, in order. */
export function checkRepetitions(history: readonly HistoryEntry[]): Violation[] {
  const tails = new Map<string, number>();
  const violations: Violation[] = [];
  for (const entry of history) {
    if (entry.type === "rollback") {
      for (const { streamId } of entry.streams) tails.delete(streamId);
    }
    if (entry.type !== "append" || entry.answer !== "stored") continue;
    const { streamId, first, last } = entry;
    const tail = tails.get(streamId);
    tails.set(streamId, last);
    if (tail === undefined || first === tail + 1) continue;
    const message = `${streamId}: ${first} to ${last} were stored behind ${tail}`;
    violations.push({ property: "P8", message });
  }
  return violations;
}
