// A stream that this process writes: its writer, its local readers, and the disconnect policy after the last reader
// has left.

import type { Clock } from "../clock.ts";
import type { ErrorReason } from "../domain/error-reasons.ts";
import { callerRevoked, GatewayError } from "../domain/gateway-error.ts";
import type { DisconnectPolicy } from "../domain/stream-options.ts";
import type { StreamBus } from "./stream-bus.ts";
import { goesOnElsewhere } from "./stream-errors.ts";
import { isRead, type StreamReader } from "./stream-reader.ts";
import type { CancelReason, Ending, WriterToken } from "./stream-record.ts";
import type { StreamWriter } from "./stream-writer.ts";
import type { EventFacts } from "./stream-writer-options.ts";

/** If a replica has not reported readers for this long, in milliseconds, it has none. */
const READERS_SEEN_MS = 4_000;

const CANCELS = {
  caller: {
    reason: "CANCELLED_BY_CALLER",
    message: "the caller cancelled the generation",
  },
  operator: {
    reason: "CANCELLED_BY_OPERATOR",
    message: "an operator cancelled the generation",
  },
  disconnect: {
    reason: "CANCELLED_BY_DISCONNECT",
    message: "nobody reads the stream any more",
  },
} as const satisfies Readonly<
  Record<
    Exclude<CancelReason, "revoked">,
    { readonly reason: ErrorReason; readonly message: string }
  >
>;

/** `note`: an operator's explanation. */
export function cancelledBy(who: CancelReason, note = ""): GatewayError {
  if (who === "revoked") return callerRevoked();
  const { reason, message } = CANCELS[who];
  const isNoted = who === "operator" && note !== "";
  return new GatewayError("cancelled", isNoted ? `${message}: ${note}` : message, { reason });
}

export interface OwnedStreamOptions {
  readonly clock: Clock;
  readonly bus: StreamBus;
  readonly streamId: string;
  readonly token: WriterToken;
  /** Whether another replica could continue the stream. */
  readonly canMove: boolean;
  readonly disconnect: DisconnectPolicy;
  /** Milliseconds since another replica last reported readers of the stream. */
  readonly remotelyReadAgo: () => Promise<number>;
  /** Ends the generation. */
  readonly stop: (error: GatewayError) => void;
}

export class OwnedStream {
  readonly #options: OwnedStreamOptions;
  readonly #writer: StreamWriter;
  readonly #readers = new Set<StreamReader>();
  #stopGrace: (() => void) | undefined;
  #lastAddedAt: number;
  /** An operator's note for a cancel that may be about to arrive. */
  note = "";

  constructor(options: OwnedStreamOptions, writer: StreamWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#lastAddedAt = options.clock.now();
    void writer.ended.then(() => this.#endGrace());
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  /** The `writer` field of its events. */
  get writerId(): number {
    return this.#options.token.nonce;
  }

  get token(): WriterToken {
    return this.#options.token;
  }

  get canMove(): boolean {
    return this.#options.canMove;
  }

  get tail(): number {
    return this.#writer.tail;
  }

  /** Bytes of memory kept to restore events that the store may lose. */
  get held(): number {
    return this.#writer.held;
  }

  /** Whether the last event was added. */
  get hasEnd(): boolean {
    return this.#writer.hasEnd;
  }

  /** Sends the events after `tail` again, which the store has lost after the end of the stream. */
  restore(tail: number): void {
    this.#writer.restore(tail);
  }

  /** Resolves when nothing more will be stored: see `StreamWriter`. */
  get ended(): Promise<Ending | undefined> {
    return this.#writer.ended;
  }

  get idleSince(): number {
    return this.#lastAddedAt;
  }

  add(event: Uint8Array, facts: EventFacts): Promise<void> | undefined {
    this.#lastAddedAt = this.#options.clock.now();
    return this.#writer.add(event, facts);
  }

  /** Called when a local reader begins to listen. */
  showAgain(): void {
    this.#writer.showAgain();
  }

  cancel(reason: CancelReason): void {
    this.#options.stop(cancelledBy(reason, this.note));
  }

  /** Ends the generation here without an end of the stream, because another replica continues it. */
  leaveToOthers(): void {
    const { bus, streamId, stop } = this.#options;
    const error = goesOnElsewhere();
    bus.publish(streamId, { type: "over", error });
    this.#writer.stop();
    stop(error);
  }

  enter(reader: StreamReader): void {
    this.#readers.add(reader);
    this.#endGrace();
  }

  leave(reader: StreamReader): void {
    if (this.#readers.delete(reader)) this.watchReaders();
  }

  /** Starts the grace if nobody reads. Must be called after each change that can cause this. */
  watchReaders(): void {
    const { disconnect } = this.#options;
    if (this.#writer.isOver || this.#stopGrace !== undefined || isRead(this.#readers)) return;
    if (disconnect.policy === "continue") return;
    const graceMs = disconnect.policy === "grace" ? disconnect.graceMs : 0;
    if (graceMs === 0) void this.#endIfUnread(graceMs);
    else this.#endLater(graceMs, graceMs);
  }

  #endLater(waitMs: number, graceMs: number): void {
    this.#endGrace();
    this.#stopGrace = this.#options.clock.schedule(waitMs, () => {
      this.#stopGrace = undefined;
      void this.#endIfUnread(graceMs);
    });
  }

  #endGrace(): void {
    this.#stopGrace?.();
    this.#stopGrace = undefined;
  }

  async #endIfUnread(graceMs: number): Promise<void> {
    // A store that does not answer knows of no reader.
    const never = Number.POSITIVE_INFINITY;
    const readAgo = await this.#options.remotelyReadAgo().catch(() => never);
    if (this.#writer.isOver || isRead(this.#readers)) return;
    // The grace begins when the last reader leaves, at any replica.
    const leftMs = Math.max(graceMs, READERS_SEEN_MS) - readAgo;
    if (leftMs > 0) this.#endLater(leftMs, graceMs);
    else this.cancel("disconnect");
  }
}
