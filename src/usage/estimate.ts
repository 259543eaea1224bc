/** A token count that nobody reported, with the name of the rule and how far to trust it. */
export interface Estimate {
  readonly tokens: number;
  readonly estimator: string;
  /** 0 to 1; 0: something was left out that nobody can count here. */
  readonly confidence: number;
}
