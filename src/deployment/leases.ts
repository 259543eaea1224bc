/**
 * Counts the users of something that must outlive them. `end` is called once: when the owner has
 * retired it and the last user has released its lease.
 */
export class Leases {
  readonly #end: () => void;
  #users = 0;
  #isRetired = false;

  constructor(end: () => void) {
    this.#end = end;
  }

  /** A lease from now on; the returned function releases it, and may be called twice. */
  take(): () => void {
    if (this.#isRetired && this.#users === 0) throw new Error("a lease of what has ended");
    this.#users++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#users--;
      if (this.#isRetired && this.#users === 0) this.#end();
    };
  }

  /** The owner has no use for it any more; users that hold a lease may go on. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#users === 0) this.#end();
  }
}
