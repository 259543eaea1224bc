import { durationOrNone, restricted } from "./readers.ts";

const MAX_MS = 10_000;

/** How long a process warms up before its start; `0s`: it does not. */
export const warmUp = restricted(
  durationOrNone,
  (ms) => ms <= MAX_MS,
  "must be a duration of at most 10s, or 0s for none",
);
