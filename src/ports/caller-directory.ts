// What is known of callers by their identifiers, wherever they are configured.
import type { Caller } from "../domain/caller.ts";
import type { CallerLimits } from "../domain/caller-limits.ts";
import type { FieldPass } from "../domain/field-pass.ts";

export interface CallerProfile extends Caller {
  readonly group?: string;
  /** Identifiers and globs of the models that the caller may use; undefined: all. */
  readonly models?: readonly string[];
  readonly providers?: readonly string[];
  readonly limits?: CallerLimits;
  /** Unset: that of the group, or of the configuration. */
  readonly pass?: FieldPass;
}

export interface CallerGroup {
  readonly id: string;
  readonly models?: readonly string[];
  readonly providers?: readonly string[];
  /** Its callers share them. */
  readonly limits?: CallerLimits;
  readonly pass?: FieldPass;
}

export interface CallerDirectory {
  profile(id: string): CallerProfile | undefined;
  group(id: string): CallerGroup | undefined;
}
