/** Why the file of a store cannot be used. */
export type OpenFailure =
  /** Another process uses the file. */
  | "in-use"
  /** The file is damaged or is no database. */
  | "corrupt"
  /** The database belongs to another program (`foreign`), or to a later version (`newer`). */
  | "foreign"
  | "newer"
  /** The file system refuses access. */
  | "inaccessible";

/** The store cannot start. The message names the file. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
  readonly failure: OpenFailure;

  constructor(failure: OpenFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}
