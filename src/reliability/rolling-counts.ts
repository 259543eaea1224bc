const BUCKETS = 12;

/** Calls and failed calls of the last `windowMs`, in buckets. */
export class RollingCounts {
  #requests = new Float64Array(BUCKETS);
  #failures = new Float64Array(BUCKETS);
  /** Number of the newest bucket since the clock's zero. */
  #newest = 0;

  request(now: number, windowMs: number): void {
    const slot = this.#turn(now, windowMs);
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1;
  }

  failure(now: number, windowMs: number, weight: number): void {
    const slot = this.#turn(now, windowMs);
    this.#failures[slot] = (this.#failures[slot] ?? 0) + weight;
  }

  totals(now: number, windowMs: number): { readonly requests: number; readonly failures: number } {
    this.#turn(now, windowMs);
    let requests = 0;
    let failures = 0;
    for (let slot = 0; slot < BUCKETS; slot++) {
      requests += this.#requests[slot] ?? 0;
      failures += this.#failures[slot] ?? 0;
    }
    // A call and its failure can lie in different buckets.
    return { requests, failures: Math.min(requests, failures) };
  }

  clear(): void {
    this.#requests.fill(0);
    this.#failures.fill(0);
  }

  /** Empties the buckets that have left the window; the slot of now. */
  #turn(now: number, windowMs: number): number {
    const current = Math.floor((now * BUCKETS) / windowMs);
    // A window of another length counts its buckets anew.
    const passed = current < this.#newest ? BUCKETS : Math.min(current - this.#newest, BUCKETS);
    for (let step = 1; step <= passed; step++) {
      const slot = (this.#newest + step) % BUCKETS;
      this.#requests[slot] = 0;
      this.#failures[slot] = 0;
    }
    if (passed === BUCKETS) this.clear();
    this.#newest = current;
    return this.#newest % BUCKETS;
  }
}
