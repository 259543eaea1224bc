// Which fields of a caller's requests the vendors' APIs let pass to a provider.
import type { Config } from "./config/config.ts";
import type { PassRule } from "./doors/shared/passed-fields.ts";
import type { CallLimits } from "./ports/call-limits.ts";
import type { CallerDirectory } from "./ports/caller-directory.ts";

export interface PassRulesOptions {
  readonly directory: CallerDirectory;
  readonly limits: Pick<CallLimits, "of">;
  /** The settings in force. */
  readonly settings: () => Pick<Config["doors"], "pass" | "passFields">;
}

/**
 * The rule of the caller, or else of its group, or else of the configuration. Without any of them all fields pass, and
 * where a spend limit counts money only known and listed ones.
 */
export function createPassRules(options: PassRulesOptions): (caller: string) => PassRule {
  const { directory, limits, settings } = options;
  return (caller) => {
    const { pass: common, passFields: listed } = settings();
    const profile = directory.profile(caller);
    const group = profile?.group === undefined ? undefined : directory.group(profile.group);
    const countsMoney = limits.of(caller)?.refusesUnpriced ?? false;
    const usual = countsMoney ? "listed" : "all";
    return { pass: profile?.pass ?? group?.pass ?? common ?? usual, listed, countsMoney };
  };
}
