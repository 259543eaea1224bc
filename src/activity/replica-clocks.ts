/** Seconds by which clocks can differ before their seconds are moved: samples are up to two seconds on their way. */
const EARLIEST = -2;
const LATEST = 1;
/** Seconds after which a lead that does not come again is forgotten, because a clock was set. */
const FORGOTTEN_AFTER = 30;

/** How far the clocks of other replicas are ahead of this one's, by the seconds of their samples. */
export class ReplicaClocks {
  readonly #leads = new Map<string, { lead: number; seenAt: number }>();

  /**
   * Seconds to take from a replica's seconds. The lead is the largest seen, because samples arrive late but never
   * early.
   */
  leadOf(replica: string, newest: number, ownLast: number): number {
    const lead = newest - ownLast;
    const known = this.#leads.get(replica);
    const isForgotten = known !== undefined && ownLast - known.seenAt > FORGOTTEN_AFTER;
    if (known === undefined || isForgotten || lead >= known.lead) {
      this.#leads.set(replica, { lead, seenAt: ownLast });
    }
    const largest = this.#leads.get(replica)?.lead ?? lead;
    return largest >= EARLIEST && largest <= LATEST ? 0 : largest;
  }

  /** Forgets all other replicas. */
  keep(replicas: readonly string[]): void {
    for (const replica of this.#leads.keys()) {
      if (!replicas.includes(replica)) this.#leads.delete(replica);
    }
  }
}
