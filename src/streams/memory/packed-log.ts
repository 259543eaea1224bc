// The events of one stream in a few blocks of bytes: an object for each event would be held at ten times
// its size. Each event is a varint, its length and whether a batch begins with it, and its bytes.
import { position } from "../batches.ts";
import { lengthOfVarint, readVarint, writeVarint } from "../packed-events.ts";
import type { Batch } from "../stream-record.ts";

/** A block grows up to this; a batch that is longer has a block of its own. */
const BLOCK_BYTES = 32 * 1024;
const MIN_BLOCK_BYTES = 512;
/** What Node holds for a block beside its bytes, measured by `npm run bench -- memory`. */
const BLOCK_COST = 400;

/** Events `first` to `last` of one writer; `bytes` is filled up to `used`. */
interface Block {
  readonly first: number;
  last: number;
  readonly writer: number;
  bytes: Uint8Array;
  used: number;
}

export interface PackedRead {
  readonly batches: readonly Batch[];
  /** The limit cut the answer short. */
  readonly hasMore: boolean;
}

export class PackedLog {
  readonly #blocks: Block[] = [];
  #held = 0;

  /** Bytes of memory that the log holds, used or not. */
  get held(): number {
    return this.#held;
  }

  /** By how much `held` grows at most when the batch is appended. */
  growthOf({ writer, events }: Batch): number {
    const size = packedSize(events);
    const tail = this.#tailFor(writer, size);
    if (tail === undefined) return BLOCK_COST + Math.max(size, MIN_BLOCK_BYTES);
    return capacityFor(tail, size) - tail.bytes.length;
  }

  /** Copies the events of the batch, which follow those that are there. */
  append({ first, last, writer, events }: Batch): void {
    const size = packedSize(events);
    let tail = this.#tailFor(writer, size);
    if (tail === undefined) {
      this.seal();
      const bytes = Buffer.allocUnsafeSlow(Math.max(size, MIN_BLOCK_BYTES));
      tail = { first, last, writer, bytes, used: 0 };
      this.#blocks.push(tail);
      this.#held += BLOCK_COST + bytes.length;
    }
    this.#resize(tail, capacityFor(tail, size));
    tail.last = last;
    let { used } = tail;
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as Uint8Array;
      used = writeVarint(tail.bytes, used, event.length * 2 + (index === 0 ? 1 : 0));
      tail.bytes.set(event, used);
      used += event.length;
    }
    tail.used = used;
  }

  /** The writer of an event; undefined: it is not here. */
  writerOf(sequence: number): number | undefined {
    return this.#blocks[position(this.#blocks, sequence)]?.writer;
  }

  /** Up to `limit` batches, as they were appended, from the one with the event behind `sequence` on. Views, no copies. */
  read(sequence: number, limit: number): PackedRead {
    const batches: Batch[] = [];
    const start = position(this.#blocks, sequence + 1);
    for (let index = start; index < this.#blocks.length; index++) {
      if (readBlock(this.#blocks[index] as Block, sequence, limit, batches)) {
        return { batches, hasMore: true };
      }
    }
    return { batches, hasMore: false };
  }

  /** Gives back what the last block does not use. */
  seal(): void {
    const tail = this.#blocks.at(-1);
    if (tail !== undefined) this.#resize(tail, tail.used);
  }

  #tailFor(writer: number, size: number): Block | undefined {
    const tail = this.#blocks.at(-1);
    if (tail === undefined || tail.writer !== writer) return undefined;
    const needed = tail.used + size;
    return needed <= tail.bytes.length || needed <= BLOCK_BYTES ? tail : undefined;
  }

  /** Views of the bytes before stay valid: they have the old buffer. */
  #resize(block: Block, capacity: number): void {
    if (capacity === block.bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(capacity);
    bytes.set(block.bytes.subarray(0, block.used));
    this.#held += capacity - block.bytes.length;
    block.bytes = bytes;
  }
}

function packedSize(events: readonly Uint8Array[]): number {
  let size = 0;
  for (const { length } of events) size += length + lengthOfVarint(length * 2);
  return size;
}

function capacityFor({ bytes, used }: Block, size: number): number {
  const needed = used + size;
  if (needed <= bytes.length) return bytes.length;
  return Math.max(needed, Math.min(bytes.length * 2, BLOCK_BYTES));
}

/** Adds the batches of a block; true: the limit left some out. */
function readBlock(block: Block, sequence: number, limit: number, batches: Batch[]): boolean {
  const { bytes, used, writer, last } = block;
  let { offset, first } = batchAt(block, sequence + 1);
  let events: Uint8Array[] = [];
  for (let number = first; offset < used; number++) {
    const header = readVarint(bytes, offset);
    if (header % 2 === 1 && events.length > 0) {
      batches.push({ first, last: number - 1, writer, events });
      events = [];
      first = number;
    }
    if (events.length === 0 && batches.length >= limit) return true;
    offset += lengthOfVarint(header);
    const end = offset + Math.floor(header / 2);
    events.push(new Uint8Array(bytes.buffer, offset, end - offset));
    offset = end;
  }
  batches.push({ first, last, writer, events });
  return false;
}

/** Where the batch with that event begins; the first one of the block, where the event lies before it. */
function batchAt({ first, bytes, used }: Block, sequence: number) {
  const found = { offset: 0, first };
  let offset = 0;
  for (let number = first; number <= sequence && offset < used; number++) {
    const header = readVarint(bytes, offset);
    if (header % 2 === 1) {
      found.offset = offset;
      found.first = number;
    }
    offset += lengthOfVarint(header) + Math.floor(header / 2);
  }
  return found;
}
