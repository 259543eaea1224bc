// What clients make of answers, and what is right.
import { DEFAULT_TEXT, JSON_TEXT } from "../support/upstream.ts";

type Success = "text" | "stream" | "tool" | "json";
type Failure = "limited" | "broken" | "rubbish" | "gone";

/** What a client has made of one answer. */
export interface Outcome {
  readonly client: string;
  readonly scenario: Success | Failure;
  readonly model: string;
  readonly text?: string;
  readonly tokens?: number;
  readonly calls?: readonly string[];
  readonly json?: unknown;
  readonly error?: string;
  /** Class of the client's error. */
  readonly errorClass?: string;
  /** Status of HTTP that the error has. */
  readonly status?: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Anthropic's clients have a class for 503. */
const OF_SERVER = ["InternalServerError", "ServiceUnavailableError"];

/** How each failure of a provider must reach a program. */
const FAILURES: Readonly<
  Record<Failure, { readonly classes: readonly string[]; readonly isStatusRight: StatusCheck }>
> = {
  limited: { classes: ["RateLimitError"], isStatusRight: (status) => status === 429 },
  // In the middle of a stream: the status 200 has gone out, and some clients tell of it.
  broken: {
    classes: ["APIError", "APIStatusError"],
    isStatusRight: (status) => status === undefined || status === 200,
  },
  rubbish: { classes: OF_SERVER, isStatusRight: isOfServer },
  gone: { classes: OF_SERVER, isStatusRight: isOfServer },
};

type StatusCheck = (status: number | undefined) => boolean;

function isOfServer(status: number | undefined): boolean {
  return status !== undefined && status >= 500;
}

const isFailure = (scenario: string): scenario is Failure => Object.hasOwn(FAILURES, scenario);

/** A model whose provider does not say when to come back. */
export const SAYS_NO_TIME = "litellm-limited";

function problemOfFailure(scenario: Failure, outcome: Outcome): string {
  const { model, error, errorClass = "", status, text, retryAfter } = outcome;
  const { classes, isStatusRight } = FAILURES[scenario];
  if (error === undefined) return `the failure became the answer ${JSON.stringify(text)}`;
  const isRight = classes.includes(errorClass) && isStatusRight(status);
  if (!isRight) return `${errorClass} with status ${status}: ${error}`;
  const isTold = retryAfter !== undefined && retryAfter > 0;
  const isTime = scenario === "limited" && model !== SAYS_NO_TIME;
  return isTime && !isTold ? `retry-after is ${retryAfter}` : "";
}

/** Why an outcome is wrong; "": the outcome is right. */
export function problemOf(outcome: Outcome): string {
  const { scenario, text, tokens, calls, json, error } = outcome;
  if (isFailure(scenario)) return problemOfFailure(scenario, outcome);
  if (error !== undefined) return error;
  if (scenario === "json") {
    return JSON.stringify(json) === JSON_TEXT ? "" : `the object is ${JSON.stringify(json)}`;
  }
  if (text?.trim() !== DEFAULT_TEXT.trim()) return `the text is ${JSON.stringify(text)}`;
  if (scenario === "tool") {
    return calls?.join() === "weather" ? "" : `the calls are ${JSON.stringify(calls)}`;
  }
  // An agent does not say what it has used.
  return tokens === undefined || tokens > 0 ? "" : `${tokens} output tokens`;
}
