// Runs in its own thread, so that a backtracking pattern delays only other checks.
import { parentPort } from "node:worker_threads";
import type { SchemaCheck } from "./check-json-output.ts";
import { checkSchema, type Verdict } from "./check-schema.ts";

/** The answer to one check, and its cost in milliseconds of the thread's CPU. */
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
