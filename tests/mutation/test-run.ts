/** What a process that runs tests is asked for. */
export interface TestRun {
  /** From the root of the copy, in the order in which they run. */
  readonly files: readonly string[];
  /** Of each test and hook. */
  readonly testTimeoutMs: number;
  /** Files that are not what they were in the run before. */
  readonly changed: readonly string[];
}

/** `by`: the test that failed; empty: none did, and the run still ended with an error. */
export type TestOutcome =
  | { readonly passed: true }
  | { readonly passed: false; readonly by: string };
