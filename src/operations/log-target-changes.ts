// Writes log lines for circuits that open and close, and for targets that pause or are out.
import type { Clock } from "../clock.ts";
import type { TargetName } from "../domain/generation.ts";
import type { LineFields, Log, LogLine } from "../domain/log-line.ts";
import type { CircuitEvidence } from "../reliability/circuit-breaker.ts";
import type { TargetChange } from "../reliability/target-change.ts";
import type { TargetStates } from "../reliability/target-states.ts";

/** Shortest time in milliseconds between two lines of one kind for one target; further ones are counted. */
const INTERVAL_MS: Readonly<Record<TargetChange["what"], number>> = {
  circuit: 1_000,
  // Each answer of a busy target can extend the pause.
  cooldown: 10_000,
  out: 1_000,
};

/** Evidence of a circuit in whole numbers. */
function evidenceFields(evidence: CircuitEvidence): Partial<LineFields<"circuit">> {
  const { type } = evidence;
  if (type === "probe-failed") return { evidence: type };
  const failures = Math.round(evidence.failures);
  return type === "failure-rate"
    ? { evidence: type, failures, requests: evidence.requests }
    : { evidence: type, failures, span_ms: Math.round(evidence.spanMs) };
}

interface About extends TargetName {
  readonly operation?: "count_tokens";
  readonly suppressed?: number;
}

/** A change with its reason, without data of a request. */
function changeLine(about: About, change: TargetChange): LogLine {
  const lastError = change.lastError === undefined ? {} : { last_error: change.lastError };
  switch (change.what) {
    case "circuit": {
      if (change.state === "closed") {
        const openMs = Math.round(change.afterMs);
        return { event: "circuit", ...about, state: "closed", open_ms: openMs };
      }
      const forMs = Math.round(change.forMs);
      const evidence = evidenceFields(change.evidence);
      return {
        event: "circuit",
        ...about,
        state: "open",
        for_ms: forMs,
        ...evidence,
        ...lastError,
      };
    }
    case "cooldown":
      return { event: "cooldown", ...about, for_ms: Math.round(change.forMs), ...lastError };
    case "out": {
      const { scope, forMs } = change;
      return { event: "out", ...about, scope, for_ms: Math.round(forMs), ...lastError };
    }
  }
}

export function logTargetChanges(states: TargetStates, clock: Clock, log: Log): void {
  /** By target and kind of change: time of the last line, and number of lines left out since. */
  const written = new Map<string, { at: number; suppressed: number }>();

  states.onChange(({ provider, model, isUnlisted }: TargetName, change) => {
    // Requests can invent any number of model names, so the unlisted models of an instance share one entry.
    const operation = change.isForCounts ? ({ operation: "count_tokens" } as const) : {};
    const of = change.isForCounts ? "counts" : "answers";
    // A circuit that opens and closes again at once has a line for both.
    const state = change.what === "circuit" ? change.state : "";
    const key = `${change.what} ${state} of ${of} ${provider} ${isUnlisted ? "" : model}`;
    const now = clock.now();
    const last = written.get(key);
    if (last !== undefined && now - last.at < INTERVAL_MS[change.what]) {
      last.suppressed++;
      return;
    }
    const suppressed = last?.suppressed ?? 0;
    written.set(key, { at: now, suppressed: 0 });
    const about = { provider, model, ...operation, ...(suppressed > 0 && { suppressed }) };
    log(changeLine(about, change));
  });
}
