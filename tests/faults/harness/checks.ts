// What the readings of a run prove: every promise that was broken, in words.
import type { Reading, SeenEvent } from "./consumer.ts";
import { token } from "./script.ts";

/** Each must be 0. */
export interface Counts {
  lost: number;
  duplicated: number;
  reordered: number;
  divergent: number;
  silentTruncations: number;
}

export interface Verdict {
  readonly counts: Counts;
  /** Broken promises that are none of the five: a consumer that hangs, an error without a type. */
  readonly violations: readonly string[];
}

export const NO_COUNTS: Counts = {
  lost: 0,
  duplicated: 0,
  reordered: 0,
  divergent: 0,
  silentTruncations: 0,
};

export function addCounts(sum: Counts, more: Counts): void {
  for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += more[key];
}

const MAX_NOTES = 10;

/** Against the ground truth: the whole of it for a success, else a beginning. */
function checkText({ rid, tokens, text, outcome }: Reading, counts: Counts): string[] {
  const notes: string[] = [];
  const seen = [...text.matchAll(/<([^<>]*):(\d+)> /g)].map(([, of, index]) => ({
    isOwn: of === rid,
    index: Number(index),
  }));
  const rest = text.replaceAll(/<[^<>]*:\d+> /g, "");
  let next = 0;
  for (const { isOwn, index } of seen) {
    if (isOwn && index === next) next++;
    else if (isOwn && index < next) counts.duplicated++;
    else if (isOwn && index > next) {
      counts.lost += index - next;
      next = index + 1;
    } else counts.reordered++;
  }
  if (rest !== "") {
    counts.lost++;
    notes.push(`${rid}: text that is no token: ${JSON.stringify(rest.slice(0, 40))}`);
  }
  if (outcome === "complete" && next < tokens) {
    counts.silentTruncations++;
    counts.lost += tokens - next;
  }
  const expected = Array.from({ length: next }, (_, index) => token(rid, index)).join("");
  if (text !== expected) notes.push(`${rid}: the text is not the provider's`);
  else if (outcome === "complete" && next < tokens) {
    notes.push(`${rid}: complete after ${next} of ${tokens} tokens`);
  }
  return notes;
}

function describe({ streamId, events, reconnects, reason }: Reading): string {
  const position = `event ${events.at(-1)?.sequence ?? 0} of ${streamId || "no stream"}`;
  return `${position}, ${reconnects} reconnects${reason === "" ? "" : `, ${reason}`}`;
}

function checkReading(reading: Reading, counts: Counts): string[] {
  const { rid, outcome, repeated, holes, silentEnds, isTyped, reason } = reading;
  const notes: string[] = [];
  counts.duplicated += repeated.length;
  counts.reordered += holes.length;
  counts.silentTruncations += silentEnds;
  if (repeated.length > 0) notes.push(`${rid}: events twice in one call: ${repeated.join(" ")}`);
  if (holes.length > 0) notes.push(`${rid}: holes before ${holes.join(" ")}`);
  if (silentEnds > 0) notes.push(`${rid}: ${silentEnds} calls ended with OK and without an end`);
  if (outcome === "stuck") notes.push(`${rid}: neither an end nor an error (${describe(reading)})`);
  if ((outcome === "refused" || outcome === "error") && !isTyped) {
    notes.push(`${rid}: an error without a type (${reason})`);
  }
  return notes.concat(checkText(reading, counts));
}

/** Up to where two logs must agree: all of it, or to the last event by the same writer. */
function commonEnd(one: ReadonlyMap<number, SeenEvent>, other: Reading, isRolledBack: boolean) {
  if (!isRolledBack) return Number.POSITIVE_INFINITY;
  // What the store has lost may be written anew, by another writer and never in between.
  const same = other.events.filter(({ sequence, writer }) => one.get(sequence)?.writer === writer);
  return same.at(-1)?.sequence ?? 0;
}

/** Consumers of one stream have the same event at each sequence, but for those shown unstored. */
function checkAgreement(
  readings: readonly Reading[],
  hasLost: (reading: Reading) => boolean,
  counts: Counts,
): string[] {
  const notes: string[] = [];
  for (const [streamId, group] of Map.groupBy(readings, (reading) => reading.streamId)) {
    if (streamId === "") continue;
    const isRolledBack = group.some(hasLost);
    const [first, ...others] = group.toSorted((a, b) => b.events.length - a.events.length);
    const log = new Map((first?.events ?? []).map((event) => [event.sequence, event]));
    for (const other of others) {
      const end = commonEnd(log, other, isRolledBack);
      for (const { sequence, digest, isUndurable } of other.events) {
        const known = log.get(sequence);
        if (isUndurable || known === undefined || known.isUndurable || sequence > end) continue;
        if (known.digest === digest) continue;
        if (++counts.divergent <= MAX_NOTES) {
          notes.push(`${other.rid}: two events ${sequence} of ${streamId}`);
        }
      }
    }
  }
  return notes;
}

/** `hasLost`: the store may have lost, meanwhile, what it had acknowledged. */
export function check(
  readings: readonly Reading[],
  hasLost: (reading: Reading) => boolean = () => false,
): Verdict {
  const counts = { ...NO_COUNTS };
  const violations = readings.flatMap((reading) => checkReading(reading, counts));
  violations.push(...checkAgreement(readings, hasLost, counts));
  return { counts, violations };
}
