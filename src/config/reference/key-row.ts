/** A row of the reference of configuration keys. */
export interface KeyRow {
  /** In the form of `keyPaths`. A section's row describes the section's keys that have no row. */
  readonly key: string;
  /** The type, with its bounds. */
  readonly values: string;
  /** The default as the file would contain it. Unset: no default. */
  readonly default?: string;
  /** Replaces `default` if the default depends on other values. */
  readonly defaultInWords?: string;
  readonly meaning: string;
}

export const DURATION = "duration from `1ms` to `8784h`";
export const COUNT = "whole number from 1";
export const FLAG = "`true`, `false`";
export const FILE = "path of a file";
