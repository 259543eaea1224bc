import type { TargetName } from "./generation.ts";
import type { GenerationSpec } from "./generation-spec.ts";
import type { JsonObject } from "./json.ts";
import type { Model } from "./model.ts";
import type { Warning } from "./warning.ts";

/** A target with the request as it will be sent there. */
export interface RoutedTarget {
  readonly model: Model;
  readonly spec: GenerationSpec;
  /** Provider's value for `reasoning.effort`. */
  readonly effort: string | undefined;
  /** Provider options of the request for this provider. */
  readonly options: JsonObject;
  /** Changes of the request for this target. */
  readonly warnings: readonly Warning[];
}

/** A target that does not support the request, with the reason. */
export interface SkippedTarget {
  readonly target: TargetName;
  readonly reason: string;
}

/** The targets of a request. */
export interface Route {
  /** In the order of attempts. */
  readonly targets: readonly [RoutedTarget, ...RoutedTarget[]];
  /** Skipped targets before the first target. */
  readonly skipped: readonly SkippedTarget[];
  /** Skipped targets after the first target. */
  readonly unfit: readonly SkippedTarget[];
}
