import { randomFillSync } from "node:crypto";

const ID_BYTES = 16;
const IDS_PER_FETCH = 256;

/** Creates random identifiers of 128 bits. Randomness is fetched for many identifiers at a time. */
export function createIdSource(): () => string {
  const pool = Buffer.allocUnsafe(ID_BYTES * IDS_PER_FETCH);
  let position = pool.length;
  return () => {
    if (position === pool.length) {
      randomFillSync(pool);
      position = 0;
    }
    position += ID_BYTES;
    return pool.toString("hex", position - ID_BYTES, position);
  };
}
