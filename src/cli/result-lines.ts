import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  AttemptOutcome,
  ErrorCategory,
  type GatewayError,
} from "../../gen/service/steer/v1/error_pb.ts";
import { FinishReason, type Generation } from "../../gen/service/steer/v1/generation_pb.ts";
import { type Cost, UsageSource } from "../../gen/service/steer/v1/usage_pb.ts";
import { CallFailed } from "./client.ts";

const CODE_NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

const UNAVAILABLE = CODE_NAMES.indexOf("UNAVAILABLE");

const PICOS = 1e12;

/** The name of an enum value, in lower case. */
function nameOf(values: Readonly<Record<string, number>>, value: number): string {
  const name = Object.keys(values).find((key) => values[key] === value) ?? String(value);
  return name.toLowerCase();
}

function milliseconds(duration: Duration | undefined): string {
  if (duration === undefined) return "-";
  return `${Math.round(Number(duration.seconds) * 1000 + duration.nanos / 1e6)} ms`;
}

function money({ totalPicos, currencyCode }: Cost): string {
  return `${(Number(totalPicos) / PICOS).toFixed(6)} ${currencyCode}`;
}

/** One line: target, finish reason, tokens, time, and cost if it is known. */
export function summaryLine(generation: Generation): string {
  const { usage, cost, timing, attempts } = generation;
  const tokens =
    usage === undefined
      ? "tokens unknown"
      : `${usage.inputTokens} in, ${usage.outputTokens} out (${nameOf(UsageSource, usage.source)})`;
  return [
    `${generation.provider}/${generation.model}`,
    nameOf(FinishReason, generation.finishReason),
    tokens,
    `first token ${milliseconds(timing?.timeToFirstToken)}`,
    `total ${milliseconds(timing?.total)}`,
    ...(attempts.length > 1 ? [`${attempts.length} attempts`] : []),
    ...(cost === undefined ? [] : [money(cost)]),
  ].join(" · ");
}

export function warningLines(generation: Generation): string[] {
  return generation.warnings.map(({ field, message }) => `warning: ${field}: ${message}`);
}

function attemptLines(error: GatewayError): string[] {
  return error.attempts.map((attempt) => {
    const status = attempt.providerHttpStatus === 0 ? "" : ` HTTP ${attempt.providerHttpStatus}`;
    const category =
      attempt.errorCategory === 0
        ? ""
        : ` ${nameOf(ErrorCategory, attempt.errorCategory)} (${attempt.reason})`;
    return `  attempt ${attempt.index}: ${attempt.provider}/${attempt.model} ${nameOf(
      AttemptOutcome,
      attempt.outcome,
    )}${category}${status} after ${milliseconds(attempt.duration)}`;
  });
}

export function isUnavailable({ code }: CallFailed): boolean {
  return code === UNAVAILABLE;
}

/** The status can come from the connection instead of the service. */
export function isUnanswered({ code, error }: CallFailed): boolean {
  return error === undefined && code === UNAVAILABLE;
}

/**
 * Lines that describe a failed call to a person. The first line names a remedy if one is known. `trouble` is the
 * cause that keeps the client from the service.
 */
export function failureLines(failure: CallFailed, trouble: string | undefined): string[] {
  const name = CODE_NAMES[failure.code] ?? String(failure.code);
  if (trouble !== undefined) return [`steer: ${trouble}`];
  if (failure.error === undefined) return [`steer: ${name}: ${failure.message}`];
  return [
    `steer: ${name} (${failure.error.reason}): ${failure.error.message}`,
    ...attemptLines(failure.error),
  ];
}

/** Exit status: 0, 2 for a wrong command line, otherwise 10 plus the gRPC code. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CallFailed ? 10 + error.code : 1;
}

/** Columns on a terminal, tab-separated values for a program. */
export function table(rows: readonly (readonly string[])[], aligned: boolean): string {
  if (!aligned) return rows.map((row) => row.join("\t")).join("\n");
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
