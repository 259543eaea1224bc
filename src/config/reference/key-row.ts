/** A key of the configuration as people read about it. */
export interface KeyRow {
  /** As `keyPaths` names it. A row of a section stands for the keys in it that have no row. */
  readonly key: string;
  /** The type with its bounds. */
  readonly values: string;
  /** As the file would say it. Unset: the key has no default. */
  readonly default?: string;
  /** In place of `default` where that depends on something else. */
  readonly defaultInWords?: string;
  readonly meaning: string;
}

export const DURATION = "duration from `1ms` to `8784h`";
export const COUNT = "whole number from 1";
export const FLAG = "`true`, `false`";
export const FILE = "path of a file";
