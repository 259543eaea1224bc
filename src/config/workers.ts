import { availableParallelism } from "node:os";
import { ConfigProblem, count, duration, type Reader, restricted } from "./readers.ts";

const MAX_WORKERS = 256;
/** A worker of a busy machine can stand still for a second. */
const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 3_600_000;

/** Number of processes that serve calls. `auto`: one for each processor that the process may use. */
export const workerCount: Reader<number> = (value, path) => {
  if (value === "auto") return Math.min(availableParallelism(), MAX_WORKERS);
  const message = `must be auto, or a whole number from 1 to ${MAX_WORKERS}`;
  let number: number;
  try {
    number = count(value, path);
  } catch (cause) {
    throw new ConfigProblem(path, message, { cause });
  }
  if (number > MAX_WORKERS) throw new ConfigProblem(path, message);
  return number;
};

/** Time without an answer after which a worker is replaced. */
export const workerTimeout = restricted(
  duration,
  (ms) => ms >= MIN_TIMEOUT_MS && ms <= MAX_TIMEOUT_MS,
  "must be a duration from 1s to 1h",
);
