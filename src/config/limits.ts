import { restricted, size } from "./readers.ts";
import { object } from "./sections.ts";

const LEAST_BYTES = 64 * 1024;
/** Half of the longest text that the runtime supports. */
const MOST_BYTES = 256 * 1024 * 1024;

const isAllowed = (bytes: number): boolean => bytes >= LEAST_BYTES && bytes <= MOST_BYTES;

/** The section `limits` of the file. */
export const limitFields = object({
  request_bytes: restricted(size, isAllowed, "must be from 64KiB to 256MiB"),
});
