// One stream in a hostile world: writers that sleep as long as they like and then
// go on, appends that arrive late or twice or without an answer, claims by anyone
// at any time, readers that come back, and a store that forgets its last seconds.
//
// A crash is a writer that never acts again, a pause is one that acts late, and
// every owner can be taken for dead at any moment: so neither needs a state of its own.
import type { StreamRecord, WriterToken } from "../../../src/streams/stream-record.ts";

export interface WorldEvent {
  readonly sequence: number;
  readonly token: WriterToken;
  /** Who made it and which of its events it is: the content. */
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
  /** While claiming: the epoch that was seen without a living owner. */
  readonly seenEpoch: number;
  readonly token: WriterToken;
  /** Its own events begin behind this one. */
  readonly base: number;
  /** Last event that it has numbered. */
  readonly produced: number;
  /** Last event that it knows to be stored; its readers may have it. */
  readonly acknowledged: number;
  /** It sends from the event behind this one. */
  readonly position: number;
  /** Sequence of its last event of all; 0: not yet made. */
  readonly end: number;
  /** The append that it waits for. */
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
  /** What the store comes back with after it has lost its last seconds. */
  readonly checkpoint: Stored;
  readonly checkpointsLeft: number;
  readonly rollbacksLeft: number;
  /** The logs that it has lost. */
  readonly lost: readonly (readonly WorldEvent[])[];
  readonly writers: readonly Writer[];
  /** Everything that was ever sent can arrive, again and again. */
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
