/** The label of all names that have none of their own. */
export const OTHER = "_other";

/**
 * Names that have a label of their own: the first that came. A label stays for as long as the process, so that one
 * that gives way to another would only leave both.
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
