import type { Take } from "./push-iterable.ts";

/**
 * The wait of a loop for its next input. While the loop waits, whoever has the input can hand it on in its own turn,
 * without waking the loop.
 */
export class InputWait {
  #resolve: ((taken?: Promise<void>) => void) | undefined;
  #isHanding = false;
  /** The wait was ended while an input was handed on. */
  #isOver = false;

  /** Whether an input can be handed on. */
  get isWaiting(): boolean {
    return this.#resolve !== undefined && !this.#isHanding;
  }

  /** Resolves when the wait ends. Rejects if an input that was handed on failed. */
  begin(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Ends the wait, if the loop waits. */
  end(): void {
    if (this.#isHanding) this.#isOver = true;
    else this.#wake(undefined);
  }

  /**
   * Hands an input on. Call it only while the loop waits. If the input is not taken at once, the wait ends when it is.
   * An error is the loop's: it is not thrown here.
   */
  handOn<Input>(take: Take<Input>, input: Input): void {
    this.#isHanding = true;
    let taken: Promise<void> | undefined;
    try {
      taken = take(input);
    } catch (error) {
      taken = Promise.reject(error);
    }
    this.#isHanding = false;
    if (taken !== undefined || this.#isOver) this.#wake(taken);
  }

  #wake(taken: Promise<void> | undefined): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.#isOver = false;
    resolve?.(taken);
  }
}
