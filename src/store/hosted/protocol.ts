// What the two ends of the socket say to each other. Both are of the same release.
import type { StoreCapabilities } from "../store-engine.ts";
import { StoreProblem, type StoreProblemCode } from "../store-problem.ts";
import type { StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable, type UnavailableOutcome } from "../store-unavailable.ts";

/** Changes with every change of the frames or of a codec. */
export const PROTOCOL = 1;

/** Kind of a frame. Its number is the call's, except where stated otherwise. */
export const KIND = {
  /** The host's first frame. Number: `PROTOCOL`. Content: `Hello`. */
  hello: 1,
  /** Content: the index of the method (two bytes), then the arguments. */
  call: 2,
  /** Content: the value. */
  answer: 3,
  /** Content: `Failure`. */
  failure: 4,
  /** A message that no call has asked for. Number: the index of the service. */
  push: 5,
} as const;

/** The services of the host. The index of a method counts over all of them. */
export interface Hello {
  readonly capabilities: StoreCapabilities;
  readonly services: readonly { readonly name: string; readonly methods: readonly string[] }[];
}

export type Failure =
  | {
      readonly type: "unavailable";
      readonly outcome: UnavailableOutcome;
      readonly message: string;
      readonly trouble: StoreTrouble;
    }
  | {
      readonly type: "problem";
      readonly code: StoreProblemCode;
      readonly isFinal: boolean;
      readonly message: string;
      readonly evidence: string;
    }
  /** An error that no store should have. */
  | { readonly type: "defect"; readonly message: string };

export function failureOf(error: unknown): Failure {
  if (error instanceof StoreProblem) {
    const { code, isFinal, message, trouble } = error;
    return { type: "problem", code, isFinal, message, evidence: trouble.code };
  }
  if (error instanceof StoreUnavailable) {
    const { outcome, message, trouble } = error;
    return { type: "unavailable", outcome, message, trouble };
  }
  return { type: "defect", message: error instanceof Error ? error.message : String(error) };
}

export function errorOf(failure: Failure): Error {
  switch (failure.type) {
    case "unavailable":
      return new StoreUnavailable(failure.outcome, failure.message, failure.trouble);
    case "problem":
      return new StoreProblem(failure.code, failure.isFinal, failure.message, failure.evidence);
    case "defect":
      return new Error(`the host of the stores failed: ${failure.message}`);
  }
}
