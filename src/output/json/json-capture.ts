/** Longest value that is repeated in an event, in UTF-16 units: 3 MiB on the wire at most, below what clients take. */
const MAX_VALUE_UNITS = 1024 * 1024;

/** The text of one value, out of all the chunks that it is spread over. */
export class JsonCapture {
  #text = "";
  #from: number;
  #isTooLong = false;

  constructor(at: number) {
    this.#from = at;
  }

  /** Takes what the chunk has of the value, which ends at `to` or goes on in the next chunk. */
  take(chunk: string, to: number): void {
    const units = to - this.#from;
    if (this.#text.length + units > MAX_VALUE_UNITS) {
      this.#isTooLong = true;
      this.#text = "";
    }
    if (!this.#isTooLong) this.#text += chunk.slice(this.#from, to);
    this.#from = 0;
  }

  /** Undefined where it is longer than an event may be. */
  get valueJson(): string | undefined {
    return this.#isTooLong ? undefined : this.#text;
  }
}
