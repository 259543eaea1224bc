// One stream in a hostile world: writers that pause for any time and then continue, appends that arrive late, twice
// or without an answer, claims by anyone at any time, readers that return, and a store that forgets its last
// seconds.
//
// A crash is a writer that never acts again, and a pause is one that acts late. Any owner can be taken for dead at
// any moment, so neither needs a state of its own.
import type { StreamRecord, WriterToken } from "../../../src/streams/stream-record.ts";

export interface WorldEvent {
  readonly sequence: number;
  readonly token: WriterToken;
  /** The writer that made the event, and its number there: the content. */
  readonly maker: number;
  readonly number: number;
  readonly isEnd: boolean;
}

export interface Message {
  readonly maker: number;
  readonly token: WriterToken;
  readonly first: number;
  readonly last: number;
  readonly endsStream: boolean;
}

export interface Writer {
  readonly role: "claiming" | "owner" | "stopped";
  /** While claiming: the epoch that had no living owner. */
  readonly seenEpoch: number;
  readonly token: WriterToken;
  /** The writer's own events begin after this one. */
  readonly base: number;
  /** Last event that the writer has numbered. */
  readonly produced: number;
  /** Last event that the writer knows to be stored; its readers may have it. */
  readonly acknowledged: number;
  /** The writer sends from the event after this one. */
  readonly position: number;
  /** Sequence of the writer's last event; 0: not yet made. */
  readonly end: number;
  /** The append whose answer the writer waits for. */
  readonly outstanding: string;
}

export interface Stored {
  readonly record: StreamRecord;
  readonly log: readonly WorldEvent[];
  /** Tail of the log when each epoch began. */
  readonly claims: readonly { readonly epoch: number; readonly tail: number }[];
}

export interface Reader {
  readonly state: "reading" | "done" | "told";
  readonly events: readonly WorldEvent[];
}

export interface World {
  readonly stored: Stored;
  /** State that the store returns to after losing its last seconds. */
  readonly checkpoint: Stored;
  readonly checkpointsLeft: number;
  readonly rollbacksLeft: number;
  /** The lost logs. */
  readonly lost: readonly (readonly WorldEvent[])[];
  readonly writers: readonly Writer[];
  /** Every sent message can arrive repeatedly. */
  readonly messages: readonly Message[];
  readonly readers: readonly Reader[];
}

export interface WorldSize {
  readonly events: number;
  readonly claims: number;
  readonly readers: number;
  readonly rollbacks: number;
  /** An owner may hand its stream off. */
  readonly handsOff?: boolean;
}
