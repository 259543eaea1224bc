import { availableParallelism } from "node:os";
import type { StoreAddress } from "../store/store-address.ts";
import { ConfigProblem, count, type Reader } from "./readers.ts";

const MAX_WORKERS = 256;

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

/** Several workers need a store that they share. Throws `ConfigProblem`. */
export function checkWorkers(workers: number, store: StoreAddress): void {
  if (workers === 1 || store.type === "redis") return;
  const have = `stream.store is ${store.type}`;
  const message = `${workers} workers need a store that they share, such as redis://HOST:PORT; ${have}`;
  throw new ConfigProblem(["workers"], message);
}
