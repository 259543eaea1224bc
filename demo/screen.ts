/** What was printed, with the milliseconds since the start of the demo. */
export interface Printed {
  readonly atMs: number;
  readonly text: string;
  readonly tone: Tone;
}

/** `answer` is the stream's text, `note` tells of it, `trouble` is what goes wrong. */
export type Tone = "answer" | "note" | "trouble";

const COLORS: Readonly<Record<Tone, string>> = { answer: "0", note: "36", trouble: "31;1" };

const WIDTH = 84;

/** Prints the answer as it grows, with notes on lines of their own, and remembers all of that. */
export class Screen {
  readonly printed: Printed[] = [];
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #column = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  #print(text: string, tone: Tone): void {
    this.printed.push({ atMs: performance.now() - this.#startedAt, text, tone });
    const isColored = this.#out.isTTY === true && tone !== "answer";
    this.#out.write(isColored ? `\u001b[${COLORS[tone]}m${text}\u001b[0m` : text);
  }

  answer(text: string): void {
    const isFull = this.#column + text.length > WIDTH;
    const shown = isFull ? `\n${text.trimStart()}` : text;
    this.#column = isFull ? shown.length - 1 : this.#column + text.length;
    this.#print(shown, "answer");
  }

  #line(text: string, tone: Tone): void {
    const start = this.#column > 0 ? "\n" : "";
    this.#column = 0;
    this.#print(`${start}${text}\n`, tone);
  }

  note(text: string): void {
    this.#line(text, "note");
  }

  trouble(text: string): void {
    this.#line(text, "trouble");
  }
}
