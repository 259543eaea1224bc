import { ConfigProblem, duration, object, type Reader, type ReadFields } from "./readers.ts";

const HOUR_MS = 3_600_000;

/** An orchestrator that waits longer for one replica would hold up a whole rollout. */
const grace: Reader<number> = (value, path) => {
  const ms = duration(value, path);
  if (ms <= HOUR_MS) return ms;
  throw new ConfigProblem(path, "must be 1h or less");
};

/** A shorter age would cost more handshakes than calls. */
const age: Reader<number> = (value, path) => {
  const ms = duration(value, path);
  if (ms >= 1_000) return ms;
  throw new ConfigProblem(path, "must be 1s or more");
};

/** The section `drain` of the file. */
export const drainFields = object({ notice: duration, grace });

/** Keys of the section `grpc` for the age of connections. */
export const ageFields = { max_connection_age: age, max_connection_age_grace: duration };

export type DrainFields = ReadFields<typeof drainFields.fields>;
export type AgeFields = ReadFields<typeof ageFields>;
