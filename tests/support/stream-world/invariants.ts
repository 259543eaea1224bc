// Invariants of every state of the world; the numbers are those of the properties.
import type { Stored, World, WorldEvent } from "./world.ts";

function isSame(a: WorldEvent | undefined, b: WorldEvent | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.sequence === b.sequence &&
    a.maker === b.maker &&
    a.number === b.number &&
    a.isEnd === b.isEnd
  );
}

const isPrefix = (events: readonly WorldEvent[], log: readonly WorldEvent[]): boolean =>
  events.every((event, index) => isSame(event, log[index]));

function checkLog({ log, record, claims }: Stored): string | undefined {
  for (const [index, event] of log.entries()) {
    if (event.sequence !== index + 1) return "P1: the log has a gap or repeats itself";
    if (event.number !== event.sequence)
      return "P3: an event stands where its writer did not put it";
    if (event.isEnd && index !== log.length - 1) return "P4: something follows the end";
    const other = log.find(({ token }) => token.epoch === event.token.epoch);
    if (other?.maker !== event.maker) return "P5: one epoch has two writers";
    const fencedAt = claims.find(({ epoch }) => epoch > event.token.epoch);
    if (fencedAt !== undefined && event.sequence > fencedAt.tail) {
      return "P5: a writer wrote after its stream was claimed";
    }
  }
  if (record.tail !== log.length) return "P1: the tail is not the end of the log";
  if (record.takeovers + record.handOvers < claims.length) {
    return "P18: a change of owner that nothing counts";
  }
  const hasEnded = record.phase !== "running";
  if (hasEnded !== (log.at(-1)?.isEnd ?? false)) return "P4: the phase and the log disagree";
  return undefined;
}

/** The first violated property. */
export function checkWorld({ stored, lost, readers }: World): string | undefined {
  const wrong = checkLog(stored);
  if (wrong !== undefined) return wrong;
  for (const { state, events } of readers) {
    if (events.some(({ sequence }, index) => sequence !== index + 1)) {
      return "P1: a reader missed an event or got it twice";
    }
    const isOfOneLog = [stored.log, ...lost].some((log) => isPrefix(events, log));
    if (!isOfOneLog) {
      return lost.length === 0
        ? "P2: a reader has what is not in the log"
        : "P7: a reader has parts of two logs, and was not told";
    }
    if (state === "told" && lost.length === 0)
      return "P7: a reader was told of a loss that was none";
  }
  return undefined;
}
