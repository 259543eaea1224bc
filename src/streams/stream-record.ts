// The vocabulary of the log: what is known of a stored stream beside its events.

/** Proof of who may write: minted by create and claim only, compared whole. */
export interface WriterToken {
  /** Grows by one with every change of owner; from 1. */
  readonly epoch: number;
  /** Random 32 bits, never 0: `writer` of every event of this epoch. */
  readonly nonce: number;
}

/** Why an owner lets go of a stream: it is to end itself, or it has lost the stream. */
export type HandOffCause = "planned" | "lost";

export type EndPhase = "completed" | "failed" | "cancelled";

export type StreamPhase = "running" | EndPhase;

/** Why a stream is to stop. The first reason wins. `revoked`: its caller is none any more. */
export type CancelReason = "caller" | "operator" | "disconnect" | "revoked";

/** Events `first` to `last` of one writer, as they are sent. */
export interface Batch {
  readonly first: number;
  readonly last: number;
  /** Nonce of the writer. */
  readonly writer: number;
  readonly events: readonly Uint8Array[];
}

/** How a stream ends: with the last event of a batch, in the same step. */
export interface Ending {
  readonly phase: EndPhase;
  /** The idempotency key is free again: only a success, or a cancel that was asked for, is kept. */
  readonly freesKey: boolean;
  /** Nobody has used the stream: it expires with its end, and is in no list. */
  readonly isUnused?: true;
}

/** A stream that is to be created. Durations in milliseconds; the store knows the time. */
export interface NewStream {
  readonly streamId: string;
  readonly token: WriterToken;
  /** Session that will write. */
  readonly session: string;
  readonly caller: string;
  /** Idempotency key, "" without one; and what the call asked for. */
  readonly requestId: string;
  readonly fingerprint: string;
  /** The first event. */
  readonly start: Uint8Array;
  /** What the generation was asked for; undefined: not stored. */
  readonly request: Uint8Array | undefined;
  /** Another replica may run a request that is stored anew. Unset: it may. */
  readonly canMove?: boolean;
  /** The request stays for as long as the events, and is counted with them; unset: until the end of the generation. */
  readonly keepsRequest?: boolean;
  readonly retentionMs: number;
  /** Time left for the generation. */
  readonly totalMs: number;
  /** For operators: see `Progress`. */
  readonly progress: StreamProgress;
}

/** What operators can see of a stream while it runs; rewritten at attempt boundaries and at the end. */
export interface StreamProgress {
  readonly provider: string;
  /** Encoded by the edge, opaque here; never content. */
  readonly details: Uint8Array;
}

/** A stored stream without its events. Times are the store's milliseconds since the epoch. */
export interface StreamRecord {
  readonly streamId: string;
  readonly caller: string;
  readonly requestId: string;
  readonly fingerprint: string;
  readonly phase: StreamPhase;
  readonly token: WriterToken;
  /** Session of the owner. */
  readonly owner: string;
  /** The owner has stopped writing and lets another one go on. */
  readonly handedOff: boolean;
  /** Sequence of the last event. */
  readonly tail: number;
  /** Sequence of the first event with content; 0: none yet. */
  readonly firstContent: number;
  /** Size of all events, and of a request that is kept with them. */
  readonly bytes: number;
  readonly cancel: CancelReason | undefined;
  /** Changes of owner after a loss: the owner's session ended, or the owner gave the stream up. */
  readonly takeovers: number;
  /** Times that an owner which was to end has handed the stream over. */
  readonly handOvers: number;
  /** The idempotency key still leads here. */
  readonly isBound: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
  /** When the generation must have ended. */
  readonly deadlineAt: number;
  readonly retentionMs: number;
  /** The events are deleted, and the record is kept to say so; the time at which that happened. */
  readonly expiredAt: number | undefined;
  /** When a replica last said that it has readers; 0: never. */
  readonly readersSeenAt: number;
  /** The request is stored, and another replica can run it. */
  readonly canMove: boolean;
  /** The request stays for as long as the events. */
  readonly keepsRequest: boolean;
  readonly progress: StreamProgress;
}
