/** A token count that nobody reported, with the name of the estimator and the confidence. */
export interface Estimate {
  readonly tokens: number;
  readonly estimator: string;
  /** 0 to 1. 0: something was left out that cannot be counted here. */
  readonly confidence: number;
}
