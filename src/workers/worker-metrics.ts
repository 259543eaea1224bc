// The metrics of all workers, and the primary's own about them.
import { mergeExpositions, type WorkerMetrics } from "./merge-expositions.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** A worker's place, with the process that fills it now. */
export interface WorkerPosition {
  readonly worker: number;
  /** Undefined: a replacement is awaited. */
  readonly process: Pick<WorkerProcess, "readMetrics"> | undefined;
  /** Processes that were started here so far. */
  readonly starts: number;
}

/** The primary's own metrics, beside those of the workers. */
export const WORKER_METRICS = {
  up: ["steer_worker_up", "gauge", "1 if the worker has answered this scrape."],
  starts: ["steer_worker_starts_total", "counter", "Processes that were started for the worker."],
} as const;

async function metricsOf({ worker, process }: WorkerPosition): Promise<WorkerMetrics[]> {
  const text = await process?.readMetrics();
  return text === undefined ? [] : [{ worker, text }];
}

function family(
  [name, type, help]: readonly [string, string, string],
  values: readonly number[],
): string {
  const samples = values.map((value, worker) => `${name}{worker="${worker}"} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join("")}`;
}

/**
 * One page in Prometheus' text format. A worker that does not answer in time is left out, and is not up. `own`: other
 * metrics of this process, of which the workers have none.
 */
export async function readWorkerMetrics(
  positions: readonly WorkerPosition[],
  own: string,
): Promise<string> {
  const pages = (await Promise.all(positions.map(metricsOf))).flat();
  const answered = new Set(pages.map(({ worker }) => worker));
  const up = positions.map(({ worker }) => (answered.has(worker) ? 1 : 0));
  const starts = positions.map((position) => position.starts);
  return [
    family(WORKER_METRICS.up, up),
    family(WORKER_METRICS.starts, starts),
    own,
    mergeExpositions(pages),
  ].join("");
}
