import type { TargetName } from "../domain/generation.ts";
import { BoundedNames, OTHER } from "./bounded-names.ts";

/** Models of one instance that no list has, and that have a label of their own. */
const MAX_UNLISTED = 256;

/**
 * Labels of models. Requests can name models that no list has without end: of these the first that have answered
 * have one of their own.
 */
export class ModelLabels {
  readonly #answered = new Map<string, BoundedNames>();

  /** A model of this name gives answers. */
  answered({ provider, model, isUnlisted }: TargetName): void {
    if (isUnlisted === undefined) return;
    const names = this.#answered.get(provider) ?? new BoundedNames(MAX_UNLISTED);
    this.#answered.set(provider, names);
    names.add(model);
  }

  /** It has a label of its own. */
  isNamed({ provider, model, isUnlisted }: TargetName): boolean {
    return isUnlisted === undefined || (this.#answered.get(provider)?.has(model) ?? false);
  }

  /** `name` by default is the model's own. */
  of(target: TargetName, name: string = target.model): string {
    return this.isNamed(target) ? name : OTHER;
  }
}
