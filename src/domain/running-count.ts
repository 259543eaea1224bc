/** Counts what runs, and tells when nothing does. */
export class RunningCount {
  #active = 0;
  #whenIdle: (() => void)[] = [];

  get active(): number {
    return this.#active;
  }

  begin(): void {
    this.#active++;
  }

  /** Called once for each `begin`. */
  end(): void {
    this.#active--;
    if (this.#active > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
