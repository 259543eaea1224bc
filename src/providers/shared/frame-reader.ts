/** One event of a streamed answer. */
export interface StreamEvent {
  /** The type in its frame; undefined: the frame has none. */
  readonly name: string | undefined;
  readonly data: string;
}

/** Splits the bytes of an answer into events: lines of text, or binary frames. */
export interface FrameReader {
  /** Calls `onEvent` for every event that `bytes` completes. Throws what `onEvent` throws. */
  push(bytes: Uint8Array): void;
  /** Called at the end of the input. Throws what `onEvent` throws. */
  end(): void;
}

/** Creates the reader for a stream's framing. An invalid frame is a `GatewayError` of kind `protocol`. */
export type CreateFrameReader = (onEvent: (event: StreamEvent) => void) => FrameReader;
