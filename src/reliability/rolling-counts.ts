const BUCKETS = 12;

/** Sums over a window. */
export interface WindowTotals {
  readonly requests: number;
  readonly failures: number;
  /** Time of the oldest failure; undefined without failures. */
  readonly failingSince: number | undefined;
}

/** Calls and failed calls of the last `windowMs` milliseconds, in buckets. */
export class RollingCounts {
  readonly #requests = new Float64Array(BUCKETS);
  readonly #failures = new Float64Array(BUCKETS);
  /** Time of the first failure of each bucket. */
  readonly #failedAt = new Float64Array(BUCKETS);
  /** Number of the newest bucket since the clock's zero. */
  #newest = 0;

  request(now: number, windowMs: number): void {
    const slot = this.#turn(now, windowMs);
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1;
  }

  /** Removes a counted call that turned out to be no evidence. */
  withdraw(now: number, windowMs: number): void {
    const slot = this.#turn(now, windowMs);
    this.#requests[slot] = Math.max(0, (this.#requests[slot] ?? 0) - 1);
  }

  failure(now: number, windowMs: number, weight: number): void {
    const slot = this.#turn(now, windowMs);
    if (this.#failures[slot] === 0) this.#failedAt[slot] = now;
    this.#failures[slot] = (this.#failures[slot] ?? 0) + weight;
  }

  totals(now: number, windowMs: number): WindowTotals {
    this.#turn(now, windowMs);
    let requests = 0;
    let failures = 0;
    let failingSince: number | undefined;
    for (let slot = 0; slot < BUCKETS; slot++) {
      requests += this.#requests[slot] ?? 0;
      const failed = this.#failures[slot] ?? 0;
      failures += failed;
      const at = this.#failedAt[slot] ?? now;
      if (failed > 0 && (failingSince === undefined || at < failingSince)) failingSince = at;
    }
    // A call and its failure can lie in different buckets.
    return { requests, failures: Math.min(requests, failures), failingSince };
  }

  clear(): void {
    this.#requests.fill(0);
    this.#failures.fill(0);
  }

  /** Empties the buckets older than the window and returns the current slot. */
  #turn(now: number, windowMs: number): number {
    const current = Math.floor((now * BUCKETS) / windowMs);
    // If the window's length changes, all buckets are emptied.
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
