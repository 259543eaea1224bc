// The rows of a period in one piece, which is several times shorter than its rows are one by one. Numbers are whole
// and written in groups of seven bits, the lowest first; the eighth bit says that another group follows. First comes
// the number of rows (four bytes, little-endian), then for each row, in the order of keys:
// - how many bytes its key shares with the previous key at the beginning and at the end, the number of bytes
//   between them, and these bytes
// - the number of counters, and the counters
// - the number of times, and the index and the calls of each
import { INDEX, mergeStored, type StoredSums, TIMES, type VisitRow } from "./sums.ts";

export type PeriodRow = readonly [key: string, sums: StoredSums];

const HEAD = 4;
/** A number below 2^56 has at most so many bytes. */
const NUMBER = 8;
const GROUP = 0x80;

/** Writes numbers and bytes into a buffer that grows. */
class PackedWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = HEAD;

  add(value: number): void {
    this.#reserve(NUMBER);
    let rest = value;
    while (rest >= GROUP) {
      this.#bytes[this.#length++] = GROUP + (rest % GROUP);
      rest = Math.floor(rest / GROUP);
    }
    this.#bytes[this.#length++] = rest;
  }

  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The bytes of so many rows. */
  end(rows: number): Uint8Array<ArrayBuffer> {
    this.#bytes.writeUInt32LE(rows, 0);
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const longer = Buffer.allocUnsafe(2 * (this.#length + more));
    this.#bytes.copy(longer, 0, 0, this.#length);
    this.#bytes = longer;
  }
}

function sharedStart(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}

function sharedEnd(a: Uint8Array, b: Uint8Array, most: number): number {
  let shared = 0;
  while (shared < most && a[a.length - 1 - shared] === b[b.length - 1 - shared]) shared++;
  return shared;
}

function addKey(to: PackedWriter, key: Uint8Array, before: Uint8Array): void {
  const start = sharedStart(before, key);
  const end = sharedEnd(before, key, Math.min(before.length, key.length) - start);
  const middle = key.subarray(start, key.length - end);
  to.add(start);
  to.add(end);
  to.add(middle.length);
  to.addBytes(middle);
}

function addNumbers(to: PackedWriter, sums: StoredSums): void {
  const times = 1 + (sums[0] as number);
  for (let place = 0; place < times; place++) to.add(sums[place] as number);
  to.add(sums.length - times);
  for (let place = times; place < sums.length; place++) {
    const element = sums[place] as number;
    const index = Math.floor(element / INDEX);
    to.add(index);
    to.add(element - index * INDEX);
  }
}

/** Each key comes once. */
export function packPeriod(rows: Iterable<PeriodRow>): Uint8Array<ArrayBuffer> {
  const keyed = Array.from(rows, ([key, sums]) => ({ key: Buffer.from(key), sums }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  const packed = new PackedWriter();
  let before: Uint8Array = new Uint8Array();
  for (const { key, sums } of keyed) {
    addKey(packed, key, before);
    addNumbers(packed, sums);
    before = key;
  }
  return packed.end(keyed.length);
}

/** Reads numbers and keys. */
class PackedReader {
  readonly #bytes: Uint8Array;
  #at = HEAD;
  #key = Buffer.alloc(1024);
  #keyLength = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  number(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++] as number;
      if (byte < GROUP) return value + byte * factor;
      value += (byte - GROUP) * factor;
      factor *= GROUP;
    }
  }

  key(): string {
    const start = this.number();
    const end = this.number();
    const middle = this.number();
    const length = start + middle + end;
    if (length > this.#key.length) this.#key = Buffer.concat([this.#key], 2 * length);
    this.#key.copyWithin(start + middle, this.#keyLength - end, this.#keyLength);
    for (let place = start; place < start + middle; place++) {
      this.#key[place] = this.#bytes[this.#at++] as number;
    }
    this.#keyLength = length;
    return this.#key.toString("utf8", 0, length);
  }
}

/** Calls `visit` with each row. Makes no object for a row but its key: there can be many. */
export function visitPeriod(bytes: Uint8Array, visit: VisitRow): void {
  const packed = new PackedReader(bytes);
  let numbers = new Float64Array(256);
  while (packed.hasMore) {
    const key = packed.key();
    const counters = packed.number();
    // A later release has more counters. Times have at most as many places as there are indexes.
    if (counters + 1 + TIMES > numbers.length) numbers = new Float64Array(2 * (counters + TIMES));
    numbers[0] = counters;
    for (let place = 1; place <= counters; place++) numbers[place] = packed.number();
    const first = counters + 1;
    const end = first + packed.number();
    for (let place = first; place < end; place++) {
      const index = packed.number();
      numbers[place] = index * INDEX + packed.number();
    }
    visit(key, numbers, 0, end);
  }
}

/** The rows of a period that was packed before, with rows that came later. */
export function packAgain(packed: Uint8Array, rows: Iterable<PeriodRow>): Uint8Array<ArrayBuffer> {
  const all = new Map<string, StoredSums>();
  visitPeriod(packed, (key, numbers, first, end) => all.set(key, numbers.slice(first, end)));
  for (const [key, sums] of rows) {
    const before = all.get(key);
    all.set(key, before === undefined ? sums : mergeStored(before, sums));
  }
  return packPeriod(all);
}

export function packedRows(packed: Uint8Array): number {
  return Buffer.from(packed.buffer, packed.byteOffset).readUInt32LE(0);
}
