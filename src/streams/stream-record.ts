// Types of the log: the facts about a stored stream beside its events.

/** Proof of the right to write. Only create and claim issue tokens, and tokens are compared as a whole. */
export interface WriterToken {
  /** Starts at 1 and grows by one with each change of owner. */
  readonly epoch: number;
  /** Random 32 bits, never 0. It is the `writer` of every event of this epoch. */
  readonly nonce: number;
}

/** Why an owner gives up a stream: its process will end, or it has lost the stream. */
export type HandOffCause = "planned" | "lost";

export type EndPhase = "completed" | "failed" | "cancelled";

export type StreamPhase = "running" | EndPhase;

/** Why a stream must stop. The first reason wins. `revoked`: the caller was removed from the configuration. */
export type CancelReason = "caller" | "operator" | "disconnect" | "revoked";

/** Events `first` to `last` of one writer, as they are sent. */
export interface Batch {
  readonly first: number;
  readonly last: number;
  /** Nonce of the writer. */
  readonly writer: number;
  readonly events: readonly Uint8Array[];
}

/** The end of a stream, stored in the same step as its last event. */
export interface Ending {
  readonly phase: EndPhase;
  /** The idempotency key becomes free. Only a success or a requested cancel keeps the key bound. */
  readonly freesKey: boolean;
  /** Nobody has used the stream: it expires with its end and is in no list. */
  readonly isUnused?: true;
}

/** A stream to create. Durations are in milliseconds; the store supplies the time. */
export interface NewStream {
  readonly streamId: string;
  readonly token: WriterToken;
  /** Session that will write. */
  readonly session: string;
  readonly caller: string;
  /** Idempotency key, "" if the call has none, and fingerprint of the request. */
  readonly requestId: string;
  readonly fingerprint: string;
  /** The first event. */
  readonly start: Uint8Array;
  /** The encoded request, with which another replica could run it anew; undefined: no replica may. */
  readonly request: Uint8Array | undefined;
  readonly retentionMs: number;
  /** Milliseconds left for the generation. */
  readonly totalMs: number;
  /** For operators: see `Progress`. */
  readonly progress: StreamProgress;
}

/** Status of a running stream for operators, updated at attempt boundaries and at the end. */
export interface StreamProgress {
  readonly provider: string;
  /** Encoded by `rpc/` and opaque here; never content. */
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
  /** The owner has stopped writing and allows another owner. */
  readonly handedOff: boolean;
  /** Sequence of the last event. */
  readonly tail: number;
  /** Sequence of the first event with content; 0: none yet. */
  readonly firstContent: number;
  /** Bytes of all events. */
  readonly bytes: number;
  readonly cancel: CancelReason | undefined;
  /** Changes of owner after a loss: the owner's session expired, or the owner gave the stream up. */
  readonly takeovers: number;
  /** Hand-overs by owners whose processes were about to end. */
  readonly handOvers: number;
  /** Whether the idempotency key still leads to this stream. */
  readonly isBound: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
  /** Time by which the generation must have ended. */
  readonly deadlineAt: number;
  readonly retentionMs: number;
  /** Time at which the events were deleted. The record stays as a tombstone. */
  readonly expiredAt: number | undefined;
  /** Time at which a replica last reported readers; 0: never. */
  readonly readersSeenAt: number;
  /** Whether the request is kept, so that another replica can run it. */
  readonly canMove: boolean;
  readonly progress: StreamProgress;
}
