/** Position of a reader: the last event it has, with its writer if the position is to be verified. */
export interface Cursor {
  /** 0: before the first event. */
  readonly sequence: number;
  /** 0: the position is not verified. */
  readonly writer: number;
}
