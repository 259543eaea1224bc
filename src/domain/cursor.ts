/** Where a reader stands: the last event it has, and its writer where it is to be verified. */
export interface Cursor {
  /** 0: before the first event. */
  readonly sequence: number;
  /** 0: not to be verified. */
  readonly writer: number;
}
