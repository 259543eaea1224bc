/** A token count that nobody reported, with the name of the rule and how far to trust it. */
export interface Estimate {
  readonly tokens: number;
  readonly estimator: string;
  /** 0 to 1. */
  readonly confidence: number;
}
