import { isJsonObject, type JsonObject } from "../../domain/json.ts";

/** The facts of an error answer. `message` is for classification only and must not leave the adapter. */
export interface ErrorEvidence {
  /** HTTP status; undefined for an error inside an answer of HTTP 200. */
  readonly status: number | undefined;
  /** Numbers are converted to text. */
  readonly code: string | undefined;
  readonly type: string | undefined;
  readonly param: string | undefined;
  /** Wait in a `google.rpc.RetryInfo` of the body, for example `3.5s`. */
  readonly retryDelay?: string;
  /** Whether the body has a safety system's verdict about the caller's content. */
  readonly isFlagged: boolean;
  readonly message: string;
}

/** Longest part of a message that is examined, in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 4_096;

function text(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" ? String(value) : undefined;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";

/** Errors of Google's APIs have a list of details, each with its type. */
function retryDelayIn(details: unknown): string | undefined {
  if (!Array.isArray(details)) return undefined;
  const info = details.find((each) => isJsonObject(each) && each["@type"] === RETRY_INFO);
  return isJsonObject(info) ? text(info.retryDelay) : undefined;
}

/**
 * Forms in use: OpenRouter's `metadata` with the flagged input and the reasons, and Azure's `innererror` with the
 * result of each filter.
 */
function isFlagged({ metadata, innererror }: JsonObject): boolean {
  if (isJsonObject(metadata)) {
    if (text(metadata.flagged_input) !== undefined) return true;
    if (Array.isArray(metadata.reasons) && metadata.reasons.length > 0) return true;
  }
  return (
    isJsonObject(innererror) &&
    (innererror.code === "ResponsibleAIPolicyViolation" ||
      isJsonObject(innererror.content_filter_result) ||
      isJsonObject(innererror.content_filter_results))
  );
}

/**
 * Reads the forms in use: `{error: {message, type, code, param}}`, the same without nesting, `{code, error: "text"}`,
 * `{error: "text"}`, `{detail: …}`, an array of one of these, plain text and HTML. `body`: the text of the answer, or
 * its JSON value.
 */
export function readErrorBody(status: number | undefined, body: unknown): ErrorEvidence {
  let value = typeof body === "string" ? parse(body) : body;
  if (Array.isArray(value)) value = value[0];
  if (!isJsonObject(value)) {
    const message = typeof body === "string" ? body.slice(0, MAX_MESSAGE_LENGTH) : "";
    return {
      status,
      code: undefined,
      type: undefined,
      param: undefined,
      isFlagged: false,
      message,
    };
  }
  const outer: JsonObject = value;
  const inner = isJsonObject(outer.error) ? outer.error : outer;
  const details = isJsonObject(inner.details) ? inner.details : {};
  const retryDelay = retryDelayIn(inner.details);
  const message =
    text(inner.message) ?? text(outer.error) ?? text(outer.message) ?? text(outer.detail) ?? "";
  return {
    status,
    code: text(inner.code) ?? text(details.error_code) ?? text(outer.code),
    // The outer `"type": "error"` of some forms describes the form, not the error.
    type: inner.type === "error" ? undefined : text(inner.type),
    param: text(inner.param),
    ...(retryDelay !== undefined && { retryDelay }),
    isFlagged: isFlagged(inner),
    message: message.slice(0, MAX_MESSAGE_LENGTH),
  };
}
