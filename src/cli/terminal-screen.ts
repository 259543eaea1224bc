import type { CommandContext } from "./command.ts";

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
/** In raw mode, Ctrl-C is a character. */
const INTERRUPT = "\u0003";

/** The terminal, while a command fills all of it. What was on it before comes back at the end. */
export class TerminalScreen implements Disposable {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stdin: NodeJS.ReadStream;
  readonly #quit = new AbortController();
  readonly #onKey = (bytes: Buffer): void => {
    const keys = bytes.toString();
    if (keys.includes(INTERRUPT) || keys.includes("q")) this.#quit.abort();
  };
  readonly #onSignal = (): void => this.#quit.abort();

  constructor({ stdout, stdin }: Pick<CommandContext, "stdout" | "stdin">) {
    this.#stdout = stdout;
    this.#stdin = stdin;
    stdout.write(ENTER);
    process.once("SIGTERM", this.#onSignal);
    process.once("SIGHUP", this.#onSignal);
    if (!stdin.isTTY) return;
    stdin.setRawMode(true);
    stdin.on("data", this.#onKey);
  }

  /** Aborted when the user or the system ends the command. */
  get quit(): AbortSignal {
    return this.#quit.signal;
  }

  get size() {
    const { columns, rows } = this.#stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${CLEAR_LINE}`).join("\r\n");
    this.#stdout.write(`${HOME}${text}${CLEAR_BELOW}`);
  }

  [Symbol.dispose](): void {
    process.off("SIGTERM", this.#onSignal);
    process.off("SIGHUP", this.#onSignal);
    if (this.#stdin.isTTY) {
      this.#stdin.off("data", this.#onKey);
      this.#stdin.setRawMode(false);
      this.#stdin.pause();
    }
    this.#stdout.write(LEAVE);
  }
}
