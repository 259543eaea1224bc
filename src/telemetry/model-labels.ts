import type { TargetName } from "../domain/generation.ts";

/** The label of all models that have none of their own. */
const OTHER = "_other";
/** Models of one instance that no list has, and that have a label of their own. */
const MAX_UNLISTED = 256;

/**
 * Labels of models. Requests can name models that no list has without end, and a label stays for as
 * long as the process: of these the first that have answered have one of their own.
 */
export class ModelLabels {
  readonly #answered = new Map<string, Set<string>>();

  /** A model of this name gives answers. */
  answered({ provider, model, isUnlisted }: TargetName): void {
    if (isUnlisted === undefined) return;
    const names = this.#answered.get(provider) ?? new Set();
    this.#answered.set(provider, names);
    if (names.size < MAX_UNLISTED) names.add(model);
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
