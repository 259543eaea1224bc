import type { TargetName } from "../domain/generation.ts";

/** The shared label of models without their own. */
const OTHER = "_other";
/** Most unlisted models of one instance with their own label. */
const MAX_UNLISTED = 256;

/**
 * Labels of models. Requests can name any number of unlisted models, and a label stays as long as the process.
 * Therefore only the first `MAX_UNLISTED` that have answered get their own label.
 */
export class ModelLabels {
  readonly #answered = new Map<string, Set<string>>();

  /** Called when the model has answered. */
  answered({ provider, model, isUnlisted }: TargetName): void {
    if (isUnlisted === undefined) return;
    const names = this.#answered.get(provider) ?? new Set();
    this.#answered.set(provider, names);
    if (names.size < MAX_UNLISTED) names.add(model);
  }

  /** Whether the model has its own label. */
  isNamed({ provider, model, isUnlisted }: TargetName): boolean {
    return isUnlisted === undefined || (this.#answered.get(provider)?.has(model) ?? false);
  }

  /** The label of a model. `name`: default the model's own. */
  of(target: TargetName, name: string = target.model): string {
    return this.isNamed(target) ? name : OTHER;
  }
}
