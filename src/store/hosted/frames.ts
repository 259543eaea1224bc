// Frames of the socket: the length of the rest in four bytes, a kind, a number, and the content.

/** Longest frame in bytes, which is far above the largest request of a stream and the longest answer. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const LENGTH_BYTES = 4;
const FIRST_BYTES = 64 * 1024;
/** A larger buffer is not kept for later frames. */
const KEPT_BYTES = 1024 * 1024;

/** The other end has sent bytes that are no frame, or a frame that cannot be understood. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

/** A frame that is longer than the longest one. Nothing of it is written. */
export class FrameTooLong extends Error {
  override readonly name = "FrameTooLong";
}

/** Frames to send, one after another in one buffer. */
export class FrameWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #used = 0;
  #frameAt = 0;
  /** A buffer that was sent, for the next frames. */
  #spare: Buffer | undefined;

  /** Bytes of complete frames. */
  get used(): number {
    return this.#used;
  }

  /** Writes a frame. If `write` throws, nothing of the frame is kept. */
  frame(kind: number, number: number, write: (to: this) => void): void {
    this.#frameAt = this.#used;
    try {
      this.u32(0);
      this.u8(kind);
      this.u32(number);
      write(this);
      const length = this.#used - this.#frameAt - LENGTH_BYTES;
      if (length > MAX_FRAME_BYTES) throw new FrameTooLong(`the frame has ${length} bytes`);
      this.#bytes.writeUInt32LE(length, this.#frameAt);
    } catch (error) {
      this.#used = this.#frameAt;
      throw error;
    }
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#used++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#used = this.#bytes.writeUInt16LE(value, this.#used);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#used = this.#bytes.writeUInt32LE(value, this.#used);
  }

  /** Any number that a double holds. */
  number(value: number): void {
    this.#reserve(8);
    this.#used = this.#bytes.writeDoubleLE(value, this.#used);
  }

  text(value: string): void {
    // No text has more than three bytes of UTF-8 for each of its units.
    this.#reserve(4 + value.length * 3);
    const length = this.#bytes.write(value, this.#used + 4, "utf8");
    this.#bytes.writeUInt32LE(length, this.#used);
    this.#used += 4 + length;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(4 + value.length);
    this.#bytes.writeUInt32LE(value.length, this.#used);
    this.#bytes.set(value, this.#used + 4);
    this.#used += 4 + value.length;
  }

  /** The frames so far, which the writer leaves to the caller until `giveBack`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#bytes = this.#spare ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#spare = undefined;
    this.#used = 0;
    return taken;
  }

  giveBack(taken: Buffer): void {
    if (taken.buffer.byteLength <= KEPT_BYTES) this.#spare = Buffer.from(taken.buffer);
  }

  #reserve(size: number): void {
    const needed = this.#used + size;
    if (needed <= this.#bytes.length) return;
    if (needed - this.#frameAt > MAX_FRAME_BYTES * 2)
      throw new FrameTooLong("the frame is endless");
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

/** The content of one frame, read from its beginning. Throws `MalformedFrame` at its end. */
export class Frame {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes[this.#step(1)] as number;
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#step(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#step(4));
  }

  number(): number {
    return this.#bytes.readDoubleLE(this.#step(8));
  }

  text(): string {
    const length = this.u32();
    const start = this.#step(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** A view of bytes that `FrameWriter.bytes` has written. */
  view(): Uint8Array {
    const length = this.u32();
    const start = this.#step(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A view of everything that was not read. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#step(this.#bytes.length - this.#offset));
  }

  #step(size: number): number {
    const start = this.#offset;
    if (start + size > this.#bytes.length) throw new MalformedFrame("a frame ends too early");
    this.#offset = start + size;
    return start;
  }
}

/** Cuts the bytes of a socket into frames. */
export class FrameReader {
  #parts: Buffer[] = [];
  #size = 0;
  #offset = 0;

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
  }

  /** The next complete frame; undefined: its end has not arrived. Throws `MalformedFrame`. */
  next(): Frame | undefined {
    this.#dropRead();
    const left = this.#size - this.#offset;
    if (left < LENGTH_BYTES) return undefined;
    let bytes = this.#first(LENGTH_BYTES);
    const length = bytes.readUInt32LE(this.#offset);
    if (length > MAX_FRAME_BYTES)
      throw new MalformedFrame(`a frame of ${length} bytes is too long`);
    if (left < LENGTH_BYTES + length) return undefined;
    bytes = this.#first(LENGTH_BYTES + length);
    const start = this.#offset + LENGTH_BYTES;
    this.#offset = start + length;
    return new Frame(bytes.subarray(start, this.#offset));
  }

  #dropRead(): void {
    const [first] = this.#parts;
    if (first === undefined || this.#offset < first.length) return;
    this.#parts.shift();
    this.#size -= first.length;
    this.#offset = 0;
  }

  /** A buffer with at least `size` bytes behind the offset. The parts are joined once for each frame that needs it. */
  #first(size: number): Buffer {
    let [first] = this.#parts as [Buffer];
    if (first.length - this.#offset < size) {
      first = Buffer.concat(this.#parts).subarray(this.#offset);
      this.#parts = [first];
      this.#size = first.length;
      this.#offset = 0;
    }
    return first;
  }
}
