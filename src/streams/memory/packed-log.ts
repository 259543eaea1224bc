// The events of one stream in a few blocks of bytes, because one object for each event would take ten times the
// memory. An event is a varint with its length and a flag for the first event of a batch, followed by its bytes.
import { position } from "../batches.ts";
import { lengthOfVarint, readVarint, writeVarint } from "../packed-events.ts";
import type { Batch } from "../stream-record.ts";

/** A block grows up to this size in bytes. A longer batch has its own block. */
const BLOCK_BYTES = 32 * 1024;
const MIN_BLOCK_BYTES = 512;
/** Bytes that Node needs for a block beside its content, measured by `npm run bench -- memory`. */
const BLOCK_COST = 400;

/** Events `first` to `last` of one writer. `bytes` is filled up to `used`. */
interface Block {
  readonly first: number;
  last: number;
  readonly writer: number;
  bytes: Uint8Array;
  used: number;
}

export interface PackedRead {
  readonly batches: readonly Batch[];
  /** Whether the limit left out some batches. */
  readonly hasMore: boolean;
}

export class PackedLog {
  readonly #blocks: Block[] = [];
  #held = 0;

  /** Bytes of memory that the log takes, including unused space. */
  get held(): number {
    return this.#held;
  }

  /** Upper bound of the growth of `held` if the batch is appended. */
  growthOf({ writer, events }: Batch): number {
    const size = packedSize(events);
    const tail = this.#tailFor(writer, size);
    if (tail === undefined) return BLOCK_COST + Math.max(size, MIN_BLOCK_BYTES);
    return capacityFor(tail, size) - tail.bytes.length;
  }

  /** Copies the events of the batch, which must follow the existing ones. */
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

  /** The writer of an event; undefined: the log does not have the event. */
  writerOf(sequence: number): number | undefined {
    return this.#blocks[position(this.#blocks, sequence)]?.writer;
  }

  /**
   * Up to `limit` batches as they were appended, beginning with the batch of the event after `sequence`. The events
   * are views, not copies.
   */
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

  /** Frees the unused space of the last block. */
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

  /** Earlier views stay valid, because they keep the old buffer. */
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

/** Adds the batches of a block; true: the limit left out some. */
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

/** Start of the batch that contains the event; the first batch of the block if the event lies before it. */
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
