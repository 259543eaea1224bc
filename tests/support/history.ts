// What is recorded of a run in which things go wrong: plain objects, one JSON line
// each. The checkers in `checkers/` say afterwards whether the promises were kept.

/** What a consumer sees of an event. */
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
  /** A consumer sets out; its answer is the ground truth of `key` and `tokens`. */
  | {
      readonly type: "begin";
      readonly consumer: string;
      readonly key: string;
      readonly tokens: number;
    }
  /** An event that a consumer has applied. */
  | ({
      readonly type: "event";
      readonly consumer: string;
      readonly streamId: string;
      /** It had been told that events come unstored. */
      readonly isUndurable: boolean;
      readonly body: SeenBody;
    } & LoggedEvent)
  /** A whole answer. */
  | { readonly type: "answer"; readonly consumer: string; readonly text: string }
  /** A consumer is done: by the last event, by an error that ends it, or because it left. */
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
  /** The store has answered an append. */
  | {
      readonly type: "append";
      readonly streamId: string;
      readonly writer: number;
      readonly first: number;
      readonly last: number;
      readonly answer: string;
    }
  /** A new owner: `writer`, behind the event `tail`. */
  | {
      readonly type: "claim";
      readonly streamId: string;
      readonly epoch: number;
      readonly writer: number;
      readonly tail: number;
    }
  /** An owner lets go of a stream. */
  | { readonly type: "hand-off"; readonly streamId: string; readonly cause: "planned" | "lost" }
  /** A replica has told of a defect of its code. */
  | { readonly type: "defect"; readonly replica: string }
  | { readonly type: "cancel"; readonly streamId: string; readonly isCancelled: boolean }
  /** A call to a provider; `streamId` where it is known. */
  | {
      readonly type: "call";
      readonly phase: "opened" | "closed";
      readonly call: number;
      readonly key: string;
      /** The run that it belongs to. */
      readonly run: number;
    }
  /** A generation is run, or run anew. */
  | { readonly type: "run"; readonly run: number; readonly generation: string }
  /** Something is broken on purpose until `until`. */
  | { readonly type: "fault"; readonly fault: string; readonly until: number }
  /** The store has lost what it had acknowledged of these streams. */
  | {
      readonly type: "rollback";
      readonly streams: readonly { readonly streamId: string; readonly tail: number }[];
    }
  /** From here on nothing is broken any more. */
  | { readonly type: "calm" }
  /** A stream that runs, as the store sees it in the calm. */
  | {
      readonly type: "running";
      readonly streamId: string;
      readonly tail: number;
      readonly isOrphan: boolean;
      /** Of a unary call: nothing is stored before the whole answer is there. */
      readonly isWhole: boolean;
    }
  /** A stream as the store holds it at the end. */
  | {
      readonly type: "log";
      readonly streamId: string;
      readonly key: string;
      readonly generation: string;
      readonly phase: string;
      readonly graceMs: number | undefined;
      readonly events: readonly LoggedEvent[];
    }
  /** A caller asks for the stream of another. */
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
  /** A cleanup was asked to delete so much. */
  | {
      readonly type: "cleanup";
      readonly deleted: number;
      /** How many streams were there before and afterwards. */
      readonly before: { readonly ended: number; readonly running: number };
      readonly after: { readonly ended: number; readonly running: number };
    }
  /** What is held, before the first stream and after the last. */
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

/** A promise that was not kept. */
export interface Violation {
  readonly property: string;
  readonly message: string;
}

/** The ground truth: what a provider answers is a function of the request and the index. */
export function token(key: string, index: number): string {
  return `<${key}:${index}> `;
}

export function truth(key: string, tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => token(key, index)).join("");
}

/** Tells two events apart (FNV-1a, and the length). */
export function digestOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${(hash >>> 0).toString(36)}.${bytes.length}`;
}
