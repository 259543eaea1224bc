// The meaning of errors of the client, of the system and of Redis for the store. No other file reads them. Only
// causes and codes leave this file, because messages can repeat sent data.
import {
  ConnectionTimeoutError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
} from "@redis/client";
import { StoreProblem, type StoreProblemCode } from "../store-problem.ts";
import { OTHER, type StoreCause, type StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable, type UnavailableOutcome } from "../store-unavailable.ts";
import type { Endpoint } from "./url.ts";

interface Row {
  /** Matches the beginning of a reply, or the code of another error. */
  readonly says: RegExp;
  readonly cause: StoreCause;
  /** `not-applied`: the command was refused before its first step. */
  readonly outcome: UnavailableOutcome;
  /** An explanation for the operator, if the cause is certain. */
  readonly problem?: Problem;
}

interface Problem {
  readonly code: StoreProblemCode;
  /** No waiting resolves the problem, so a start fails. */
  readonly isFinal: boolean;
  readonly message: string;
}

function refused(says: RegExp, cause: StoreCause): Row {
  return { says, cause, outcome: "not-applied" };
}

function problem(says: RegExp, code: StoreProblemCode, isFinal: boolean, message: string): Row {
  return { ...refused(says, code), problem: { code, isFinal, message } };
}

const OUT_OF_MEMORY = refused(/^OOM /, "full");
/** The server was the primary before. Its name leads to another server now, or will soon. */
const READ_ONLY = refused(/^READONLY /, "read-only");
/** A replica without a primary, which answers nothing until it has one. */
const MASTER_DOWN = refused(/^MASTERDOWN /, "read-only");
const MOVED = refused(/^MOVED \d+ (.*):(\d+)$/, "cluster");
const FUNCTION_MISSING = refused(/^ERR Function not found$/, "script");
/** Redis before 7 has no functions, Redis before 6 has no `HELLO`; the commands can also be renamed. */
const UNKNOWN_COMMAND = problem(
  /^ERR (unknown|unsupported) command/i,
  "version",
  true,
  "the server has not the commands of Redis 7 or Valkey that streams need: " +
    "FCALL, FUNCTION, SSUBSCRIBE, HELLO",
);

/** Rows for replies. The first matching row counts. */
export const REPLIES: readonly Row[] = [
  OUT_OF_MEMORY,
  READ_ONLY,
  MASTER_DOWN,
  MOVED,
  FUNCTION_MISSING,
  UNKNOWN_COMMAND,
  refused(/^WRONGPASS /, "wrong-password"),
  refused(/^NOAUTH /, "wrong-password"),
  // Redis has no password but got `AUTH`, or an old server got a wrong password.
  refused(/^ERR (invalid password|.*\bAUTH\b)/, "wrong-password"),
  // The server's disk is full or fails, and the server accepts no writes meanwhile.
  refused(/^MISCONF /, "read-only"),
  refused(/^NOREPLICAS /, "read-only"),
  refused(/^(LOADING|BUSY|NOPERM) /, "other"),
  // The server accepts the connection, sends this error and closes.
  refused(/^(ERR max number of clients|DENIED )/, "refused"),
  problem(
    /^(ASK|TRYAGAIN) /,
    "cluster",
    false,
    "the cluster is moving the slot of Steer's keys to another node",
  ),
  problem(/^CLUSTERDOWN /, "cluster", false, "the cluster does not serve the slot of Steer's keys"),
  problem(
    /^ERR SELECT is not allowed in cluster mode/,
    "cluster",
    true,
    "a Redis Cluster has database 0 alone: leave the database out of the URL",
  ),
  refused(/^(CROSSSLOT |ERR This instance has cluster support disabled)/, "cluster"),
  refused(/^NOPROTO /, "version"),
  refused(/^NOSCRIPT /, "script"),
  // A function may have written before it failed.
  { says: /^ERR .*\b(functions?|library|script|lua)\b/i, cause: "script", outcome: "unknown" },
];

function broken(says: RegExp, cause: StoreCause): Row {
  return { says, cause, outcome: "unknown" };
}

/** Rows for codes of the system and of TLS. Sent commands may have arrived. */
export const CODES: readonly Row[] = [
  // A proxy without its server closes the connection.
  broken(/^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|CLOSED)$/, "refused"),
  broken(/^(ENOTFOUND|EAI_AGAIN)$/, "unknown-host"),
  broken(/^(ETIMEDOUT|SILENT)$/, "timeout"),
  broken(
    /^(EPROTO$|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/,
    "tls",
  ),
];

/** Codes for client errors that have none. */
function clientCode(error: unknown): string | undefined {
  if (error instanceof SocketClosedUnexpectedlyError) return "CLOSED";
  const isSilent = error instanceof ConnectionTimeoutError || error instanceof SocketTimeoutError;
  return isSilent ? "SILENT" : undefined;
}

function codeOf(error: unknown): string {
  if (error instanceof ErrorReply) return /^[A-Z]+(?= |$)/.exec(error.message)?.[0] ?? "";
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return clientCode(error) ?? (typeof code === "string" ? code : "");
}

function rowOf(error: unknown): Row | undefined {
  if (error instanceof ErrorReply) return REPLIES.find(({ says }) => says.test(error.message));
  return CODES.find(({ says }) => says.test(codeOf(error)));
}

export function isOutOfMemory(error: unknown): boolean {
  return rowOf(error) === OUT_OF_MEMORY;
}

export function isReplica(error: unknown): boolean {
  const row = rowOf(error);
  return row === READ_ONLY || row === MASTER_DOWN;
}

export function isFunctionMissing(error: unknown): boolean {
  return rowOf(error) === FUNCTION_MISSING;
}

export function isUnknownCommand(error: unknown): boolean {
  return rowOf(error) === UNKNOWN_COMMAND;
}

/** The node that has the slot now, according to the error of node `asked`; undefined: another error. */
export function movedTo(error: unknown, asked: Endpoint): Endpoint | undefined {
  const isReply = error instanceof ErrorReply;
  const [, host, port] = (isReply && MOVED.says.exec(error.message)) || [];
  // A node that does not know its own name leaves the host out. The host is then that of the asked node.
  return port === undefined ? undefined : { host: host || asked.host, port: Number(port) };
}

/** Why the store cannot be used. */
export function redisTrouble(error: unknown): StoreTrouble {
  if (error instanceof StoreUnavailable) return error.trouble;
  // One name can have several addresses.
  if (error instanceof AggregateError) return redisTrouble(error.errors[0]);
  const cause = rowOf(error)?.cause ?? OTHER.cause;
  return { cause, code: codeOf(error) };
}

/** The explanation of an error whose cause is certain. */
export function problemOf(error: unknown): StoreProblem | undefined {
  if (error instanceof StoreProblem) return error;
  const found = rowOf(error)?.problem;
  return found && new StoreProblem(found.code, found.isFinal, found.message, codeOf(error));
}

/** Converts an error of the client to the port's error. */
export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const known = problemOf(error);
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  const outcome = rowOf(error)?.outcome ?? "unknown";
  return new StoreUnavailable(outcome, `Redis: ${message}`, redisTrouble(error), error);
}
