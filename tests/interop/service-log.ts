import type { ServiceProcess } from "../support/service.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** Calls of a service that are logged from now on, without those of operators and probes. */
export function watchLog(service: ServiceProcess): () => readonly LogLine[] {
  const from = service.log.length;
  const isAsked = ({ event, method }: LogLine): boolean =>
    event === "call" && String(method).startsWith("steer.v1.");
  return () => service.log.slice(from).filter(isAsked);
}

/** The lines of one method. */
export function callsOf(lines: readonly LogLine[], method: string): readonly LogLine[] {
  return lines.filter((line) => String(line["method"]).endsWith(`/${method}`));
}
