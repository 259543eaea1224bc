/** One event of a streamed answer. */
export interface StreamEvent {
  /** The type that its frame gives it; undefined: the frame gives none. */
  readonly name: string | undefined;
  readonly data: string;
}

/** Turns the bytes of an answer into events: lines of text, or binary frames. */
export interface FrameReader {
  /** Calls `onEvent` for every event that `bytes` completes. Throws what `onEvent` throws. */
  push(bytes: Uint8Array): void;
  /** The input has ended. Throws what `onEvent` throws. */
  end(): void;
}

/** How a stream is framed. A frame that breaks its format is a `GatewayError` of kind `protocol`. */
export type CreateFrameReader = (onEvent: (event: StreamEvent) => void) => FrameReader;
