import { ConfigProblem, object, type Reader, size } from "./readers.ts";

const LEAST_BYTES = 64 * 1024;
/** Half of the longest text of the runtime. */
const MOST_BYTES = 256 * 1024 * 1024;

const requestBytes: Reader<number> = (value, path) => {
  const bytes = size(value, path);
  if (bytes >= LEAST_BYTES && bytes <= MOST_BYTES) return bytes;
  throw new ConfigProblem(path, "must be from 64KiB to 256MiB");
};

/** The section `limits` of the file. */
export const limitFields = object({ request_bytes: requestBytes });
