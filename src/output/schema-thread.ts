// A thread of its own: a pattern that backtracks holds up nobody but other checks.
import { parentPort } from "node:worker_threads";
import type { SchemaCheck } from "./check-json-output.ts";
import { checkSchema, type Verdict } from "./check-schema.ts";

/** The answer to one check, and what it has cost the thread in milliseconds of CPU. */
export interface CheckAnswer {
  readonly verdict: Verdict;
  readonly cpuMs: number;
}

parentPort?.on("message", ({ schema, value }: SchemaCheck) => {
  const since = process.threadCpuUsage();
  const verdict = checkSchema(schema, JSON.parse(value));
  const { user, system } = process.threadCpuUsage(since);
  const answer: CheckAnswer = { verdict, cpuMs: (user + system) / 1000 };
  parentPort?.postMessage(answer);
});
