/** Why the file of a store cannot be used. */
export type OpenFailure =
  /** Another process holds it. */
  | "in-use"
  /** It is damaged, or no database. */
  | "corrupt"
  /** A database of something else, or of a later version. */
  | "foreign"
  | "newer"
  /** The file system refuses. */
  | "inaccessible";

/** The store cannot start; the message names the file. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
  readonly failure: OpenFailure;

  constructor(failure: OpenFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}
