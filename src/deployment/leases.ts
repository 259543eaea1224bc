/**
 * Counts the users of a resource. `end` is called once: when the owner has retired the resource and the last user has
 * released its lease.
 */
export class Leases {
  readonly #end: () => void;
  #users = 0;
  #isRetired = false;

  constructor(end: () => void) {
    this.#end = end;
  }

  /** Takes a lease. The returned function releases it, and may be called twice. */
  take(): () => void {
    if (this.#isRetired && this.#users === 0)
      throw new Error("a lease of a resource that has ended");
    this.#users++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#users--;
      if (this.#isRetired && this.#users === 0) this.#end();
    };
  }

  /** Called when the owner no longer uses the resource. Users with a lease may continue. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#users === 0) this.#end();
  }
}
