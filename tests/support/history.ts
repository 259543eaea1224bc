// Records of a run with faults: plain objects, one JSON line each. The checkers in `checkers/` examine afterwards
// whether the promises were kept.

/** An event as a consumer sees it. */
export type SeenBody =
  | { readonly type: "start" }
  | { readonly type: "text"; readonly text: string }
  /** The output so far is void. */
  | { readonly type: "discard" }
  | { readonly type: "other" }
  | { readonly type: "complete"; readonly text: string }
  | { readonly type: "error"; readonly reason: string };

export interface LoggedEvent {
  readonly sequence: number;
  readonly writer: number;
  readonly digest: string;
}

type Entry =
  /** A consumer starts; `key` and `tokens` determine its correct answer. */
  | {
      readonly type: "begin";
      readonly consumer: string;
      readonly key: string;
      readonly tokens: number;
    }
  /** An event that a consumer applied. */
  | ({
      readonly type: "event";
      readonly consumer: string;
      readonly streamId: string;
      /** The consumer was told that events come unstored. */
      readonly isUndurable: boolean;
      readonly body: SeenBody;
    } & LoggedEvent)
  /** A whole answer. */
  | { readonly type: "answer"; readonly consumer: string; readonly text: string }
  /** A consumer ends: with the last event, with an error, or because it left. */
  | {
      readonly type: "end";
      readonly consumer: string;
      readonly streamId: string;
      readonly outcome: "finished" | "refused" | "left";
      readonly code: string;
      readonly reason: string;
    }
  | {
      readonly type: "attach" | "detach";
      readonly consumer: string;
      readonly streamId: string;
    }
  /** The store answered an append. */
  | {
      readonly type: "append";
      readonly streamId: string;
      readonly writer: number;
      readonly first: number;
      readonly last: number;
      readonly answer: string;
    }
  /** A new owner: `writer`, after the event `tail`. */
  | {
      readonly type: "claim";
      readonly streamId: string;
      readonly epoch: number;
      readonly writer: number;
      readonly tail: number;
    }
  /** An owner gives up a stream. */
  | { readonly type: "hand-off"; readonly streamId: string; readonly cause: "planned" | "lost" }
  /** A replica reported a defect. */
  | { readonly type: "defect"; readonly replica: string }
  | { readonly type: "cancel"; readonly streamId: string; readonly isCancelled: boolean }
  /** A call to a provider; `streamId` if it is known. */
  | {
      readonly type: "call";
      readonly phase: "opened" | "closed";
      readonly call: number;
      readonly key: string;
      /** Run that the call belongs to. */
      readonly run: number;
    }
  /** A generation runs, or runs again. */
  | { readonly type: "run"; readonly run: number; readonly generation: string }
  /** A fault is injected until `until`. */
  | { readonly type: "fault"; readonly fault: string; readonly until: number }
  /** The store lost acknowledged events of these streams. */
  | {
      readonly type: "rollback";
      readonly streams: readonly { readonly streamId: string; readonly tail: number }[];
    }
  /** No more faults from here on. */
  | { readonly type: "calm" }
  /** A running stream as the store sees it after the faults. */
  | {
      readonly type: "running";
      readonly streamId: string;
      readonly tail: number;
      readonly isOrphan: boolean;
      /** For a unary call: nothing is stored before the whole answer arrives. */
      readonly isWhole: boolean;
    }
  /** A stream as the store has it at the end. */
  | {
      readonly type: "log";
      readonly streamId: string;
      readonly key: string;
      readonly generation: string;
      readonly phase: string;
      readonly graceMs: number | undefined;
      readonly events: readonly LoggedEvent[];
    }
  /** A caller requests the stream of another caller. */
  | { readonly type: "foreign"; readonly streamId: string; readonly code: string }
  /** A record that the store still has. */
  | {
      readonly type: "kept";
      readonly streamId: string;
      readonly phase: string;
      readonly endedAt: number | undefined;
      /** Its events are deleted. */
      readonly isExpired: boolean;
      readonly retentionMs: number;
      readonly tombstoneMs: number;
    }
  /** A cleanup was requested. */
  | {
      readonly type: "cleanup";
      readonly deleted: number;
      /** Numbers of streams before and after the cleanup. */
      readonly before: { readonly ended: number; readonly running: number };
      readonly after: { readonly ended: number; readonly running: number };
    }
  /** Resources, before the first stream and after the last. */
  | {
      readonly type: "resources";
      readonly when: "before" | "after";
      readonly held: Readonly<Record<string, number>>;
    };

export type HistoryEntry = Entry & { readonly at: number };

type OfType<Type extends Entry["type"]> = Extract<HistoryEntry, { readonly type: Type }>;

export class History {
  readonly entries: HistoryEntry[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(entry: Entry): void {
    this.entries.push({ at: this.#now(), ...entry });
  }

  toString(): string {
    return this.entries.map((entry) => JSON.stringify(entry)).join("\n");
  }
}

export function entriesOf<Type extends Entry["type"]>(
  entries: readonly HistoryEntry[],
  ...types: readonly Type[]
): OfType<Type>[] {
  const wanted: readonly string[] = types;
  return entries.filter((entry): entry is OfType<Type> => wanted.includes(entry.type));
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** A broken promise. */
export interface Violation {
  readonly property: string;
  readonly message: string;
}

/** The correct answer: a provider's tokens are a function of the request and the index. */
export function token(key: string, index: number): string {
  return `<${key}:${index}> `;
}

export function truth(key: string, tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => token(key, index)).join("");
}

/** Distinguishes two events (FNV-1a and the length). */
export function digestOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${(hash >>> 0).toString(36)}.${bytes.length}`;
}
