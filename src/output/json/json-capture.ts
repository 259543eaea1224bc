/** Longest value in an event, in UTF-16 units: at most 3 MiB on the wire, below the limit of clients. */
const MAX_VALUE_UNITS = 1024 * 1024;

/** Collects the text of one value across chunks. */
export class JsonCapture {
  #text = "";
  #from: number;
  #isTooLong = false;

  constructor(at: number) {
    this.#from = at;
  }

  /** Adds the chunk's part of the value, which ends at `to` or continues in the next chunk. */
  take(chunk: string, to: number): void {
    const units = to - this.#from;
    if (this.#text.length + units > MAX_VALUE_UNITS) {
      this.#isTooLong = true;
      this.#text = "";
    }
    if (!this.#isTooLong) this.#text += chunk.slice(this.#from, to);
    this.#from = 0;
  }

  /** Undefined if the value is too long for an event. */
  get valueJson(): string | undefined {
    return this.#isTooLong ? undefined : this.#text;
  }
}
