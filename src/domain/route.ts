import type { TargetName } from "./generation.ts";
import type { GenerationSpec } from "./generation-spec.ts";
import type { JsonObject } from "./json.ts";
import type { Model } from "./model.ts";
import type { Warning } from "./warning.ts";

/** A target with the request as it will be sent there. */
export interface RoutedTarget {
  readonly model: Model;
  readonly spec: GenerationSpec;
  /** `reasoning.effort` in the provider's own word. */
  readonly effort: string | undefined;
  /** Options for the provider's dialect alone, as the request has them. */
  readonly options: JsonObject;
  /** What was changed of the request for this target. */
  readonly warnings: readonly Warning[];
}

/** A target that does not take the request, and why. */
export interface SkippedTarget {
  readonly target: TargetName;
  readonly reason: string;
}

/** Where a request can go. */
export interface Route {
  /** In the order in which they are tried. */
  readonly targets: readonly [RoutedTarget, ...RoutedTarget[]];
  /** Those listed before the first target. */
  readonly skipped: readonly SkippedTarget[];
  /** Those listed behind the first target. */
  readonly unfit: readonly SkippedTarget[];
}
