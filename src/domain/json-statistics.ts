/** Findings so far in streamed JSON; never content. */
export interface JsonStatistics {
  /** Documents that were finished. */
  readonly documents: number;
  /** Changes that were told. */
  readonly changes: number;
  /** Text that was read, in UTF-16 units. */
  readonly units: number;
  /** Documents that were given up, or have not ended. */
  readonly malformed: number;
}
