import type { Clock } from "../clock.ts";
import type { CommandContext } from "./command.ts";

const SAVE = "\u001b7";
const RESTORE = "\u001b8";
const CLEAR_LINE = "\u001b[2K";
const WHOLE_SCREEN = "\u001b[r";
const SECOND_MS = 1_000;
/** Shortest time between two changes of the line, in milliseconds. */
const PAUSE_MS = 100;
/** Fewer rows have no room for it. */
const MIN_ROWS = 4;

/**
 * The last row of the terminal, with the tokens so far and those a second. The output scrolls above it. Nothing is
 * written unless both outputs are terminals.
 */
export class ProgressLine implements Disposable {
  readonly #stderr: NodeJS.WriteStream;
  readonly #clock: Pick<Clock, "now">;
  readonly #startedAt: number;
  readonly isShown: boolean;
  #firstAt: number | undefined;
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(
    { stdout, stderr, isDumbTerminal }: Omit<CommandContext, "client" | "stdin" | "signal">,
    clock: Pick<Clock, "now">,
  ) {
    this.#stderr = stderr;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.isShown = stdout.isTTY && stderr.isTTY && !isDumbTerminal && stderr.rows >= MIN_ROWS;
    if (!this.isShown) return;
    // A new row, in case that the cursor is in the last one, and a region above it that scrolls.
    stderr.write(`\n\u001b[1A${SAVE}\u001b[1;${stderr.rows - 1}r${RESTORE}`);
  }

  /** Output has arrived. `tokens` undefined: their number is not known yet. */
  show(tokens: number | undefined): void {
    const now = this.#clock.now();
    this.#firstAt ??= now;
    if (!this.isShown || tokens === undefined || now - this.#changedAt < PAUSE_MS) return;
    this.#changedAt = now;
    this.#stderr.write(this.#atEnd(textOf(tokens, now - this.#firstAt, now - this.#startedAt)));
  }

  [Symbol.dispose](): void {
    if (!this.isShown) return;
    this.#stderr.write(`${this.#atEnd("")}${SAVE}${WHOLE_SCREEN}${RESTORE}`);
  }

  #atEnd(text: string): string {
    const { rows, columns } = this.#stderr;
    return `${SAVE}\u001b[${rows};1H${CLEAR_LINE}${text.slice(0, columns - 1)}${RESTORE}`;
  }
}

function textOf(tokens: number, generatingMs: number, totalMs: number): string {
  const rate =
    generatingMs < SECOND_MS / 10
      ? ""
      : `, ${((tokens * SECOND_MS) / generatingMs).toFixed(1)} tokens/s`;
  return `${tokens} tokens${rate}, ${(totalMs / SECOND_MS).toFixed(1)} s`;
}
