// The activity of a replica as the other replicas read it from the store.
import {
  type ActivitySample,
  REMEMBERED_FIELDS,
  type RecentCall,
  type RememberedFields,
} from "../domain/activity.ts";
import type { ErrorKind } from "../domain/error-kind.ts";

/** What a replica tells the others while somebody watches all replicas. */
export interface SharedActivity {
  readonly replica: string;
  /** The last seconds, oldest first. */
  readonly samples: readonly ActivitySample[];
  /** The latest calls; undefined: nobody asks for them. */
  readonly calls: readonly RecentCall[] | undefined;
}

/** Most seconds and calls of a replica that are read. */
export const MAX_SHARED_SECONDS = 10;
export const MAX_SHARED_CALLS = 200;

/** Most characters of a text from another replica. */
const MAX_TEXT = 512;
const MAX_ENTRIES = 100;

type Fields = Readonly<Record<string, unknown>>;

/** The form in which a snapshot has it. */
export function encodeShared({ samples, calls }: Omit<SharedActivity, "replica">): Fields {
  return {
    samples: samples.map(({ errors, costs, ...rest }) => ({
      ...rest,
      errors: [...errors],
      costs: [...costs],
    })),
    ...(calls !== undefined && {
      calls: calls.map(({ endMs, number, fields }) => ({ endMs, number, fields })),
    }),
  };
}

function objectOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new TypeError("not an object");
  return value as Fields;
}

function listOf(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("not a list");
  return value.slice(0, max);
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new TypeError("not a count");
  return Number(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function countsOf(value: unknown): Map<string, number> {
  return new Map(
    listOf(value, MAX_ENTRIES).map((entry) => {
      const [name, count] = listOf(entry, 2);
      return [String(name).slice(0, MAX_TEXT), countOf(count)];
    }),
  );
}

function decodeSample(value: unknown): ActivitySample {
  const sample = objectOf(value);
  const { delayMs } = sample;
  return {
    second: countOf(sample["second"]),
    replicaCount: 1,
    calls: countOf(sample["calls"]),
    // A kind that this version does not know has no category, and is counted as unknown.
    errors: countsOf(sample["errors"]) as Map<ErrorKind, number>,
    runningCalls: countOf(sample["runningCalls"]),
    runningGenerations: countOf(sample["runningGenerations"]),
    generations: countOf(sample["generations"]),
    attempts: countOf(sample["attempts"]),
    inputTokens: countOf(sample["inputTokens"]),
    outputTokens: countOf(sample["outputTokens"]),
    costs: countsOf(sample["costs"]),
    firstTokens: listOf(sample["firstTokens"], MAX_ENTRIES).map(countOf),
    delayMs: typeof delayMs === "number" && Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0,
  };
}

function decodeFields(value: unknown): RememberedFields {
  const fields = objectOf(value);
  const known = REMEMBERED_FIELDS.filter((name) => {
    const given = fields[name];
    return isText(given) || Number.isSafeInteger(given);
  });
  return Object.fromEntries(known.map((name) => [name, fields[name]]));
}

function decodeCall(value: unknown, replica: string): RecentCall {
  const call = objectOf(value);
  const { endMs } = call;
  if (typeof endMs !== "number" || !(endMs >= 0)) throw new TypeError("not a time");
  const fields = decodeFields(call["fields"]);
  return { endMs, replica, number: countOf(call["number"]), fields };
}

/** Undefined: there is none, or one that this version cannot read. */
export function decodeShared(value: unknown, replica: string): SharedActivity | undefined {
  if (value === undefined || !isText(replica)) return undefined;
  try {
    const { samples, calls } = objectOf(value);
    return {
      replica,
      samples: listOf(samples, MAX_SHARED_SECONDS).map(decodeSample),
      calls:
        calls === undefined
          ? undefined
          : listOf(calls, MAX_SHARED_CALLS).map((call) => decodeCall(call, replica)),
    };
  } catch {
    return undefined;
  }
}
