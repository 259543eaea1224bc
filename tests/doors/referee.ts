/** One look at a door from outside. */
export interface Referee {
  readonly name: string;
  /** Rejects with what is wrong. */
  readonly check: () => Promise<void>;
}
