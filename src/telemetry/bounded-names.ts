/** The shared label of names without their own. */
export const OTHER = "_other";

/**
 * The names that get their own label: the first ones. Metrics keep a label as long as the process, so that a later name
 * in the place of an earlier one would add a label.
 */
export class BoundedNames {
  readonly #names = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string): void {
    if (this.#names.size < this.#most) this.#names.add(name);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
