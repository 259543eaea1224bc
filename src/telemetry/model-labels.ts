import type { TargetName } from "../domain/generation.ts";
import { BoundedNames, OTHER } from "./bounded-names.ts";

/** Most unlisted models of one instance with their own label. */
const MAX_UNLISTED = 256;

/**
 * Labels of models. Requests can name any number of unlisted models. Only the first `MAX_UNLISTED` of them that have
 * answered get their own label.
 */
export class ModelLabels {
  readonly #answered = new Map<string, BoundedNames>();

  /** Called when the model has answered. */
  answered({ provider, model, isUnlisted }: TargetName): void {
    if (isUnlisted === undefined) return;
    const names = this.#answered.get(provider) ?? new BoundedNames(MAX_UNLISTED);
    this.#answered.set(provider, names);
    names.add(model);
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
