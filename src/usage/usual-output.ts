import type { Model } from "../domain/model.ts";

/** Before the first measurement. */
const FIRST_TOKENS = 1_024;
/** Weight of the latest output. */
const WEIGHT = 0.1;
/** Models whose outputs are remembered. */
const MOST = 1_000;

type Named = Pick<Model, "provider" | "id">;

/** Output tokens that a model usually needs: the mean of its answers, in which later ones weigh more. */
export class UsualOutput {
  readonly #means = new Map<string, number>();

  of({ provider, id }: Named): number {
    return Math.ceil(this.#means.get(`${provider}/${id}`) ?? FIRST_TOKENS);
  }

  learn({ provider, id }: Named, tokens: number): void {
    const name = `${provider}/${id}`;
    const mean = this.#means.get(name);
    if (mean === undefined && this.#means.size >= MOST) return;
    this.#means.set(name, mean === undefined ? tokens : mean + WEIGHT * (tokens - mean));
  }
}
