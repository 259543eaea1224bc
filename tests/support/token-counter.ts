import type { Clock } from "../../src/clock.ts";
import {
  createTokenCounter,
  type EstimatorChoice,
  type TokenCounter,
} from "../../src/usage/token-counter.ts";

/** Reports of a counter. */
export interface Observed {
  readonly estimators: string[];
  readonly errors: number[];
}

/** A counter, with the names of the estimators that it used. */
export function testCounter(
  clock: Clock,
  estimator: EstimatorChoice = "auto",
): TokenCounter & Observed {
  const estimators: string[] = [];
  const errors: number[] = [];
  const counter = createTokenCounter({
    clock,
    estimator: () => estimator,
    observe: {
      estimated: (_, name) => void estimators.push(name),
      measured: (_, error) => void errors.push(error),
    },
  });
  return { ...counter, estimators, errors };
}
