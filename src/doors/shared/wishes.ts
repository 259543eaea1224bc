// A request's settings for the gateway itself: headers, and the object `steer` of the body in the contract's JSON.
import { invalidField } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";

type Header = (name: string) => string | undefined;

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60 };

function listOf(text: string): string[] {
  return text.split(",").flatMap((each) => each.trim() || []);
}

/** Seconds in the form of the contract's JSON. */
function timeoutOf(header: Header): string | undefined {
  const given = header("x-steer-timeout");
  if (given === undefined) return undefined;
  const [, amount, unit = "s"] = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(given.trim()) ?? [];
  if (amount === undefined) throw invalidField("x-steer-timeout", "must be a time such as 30s");
  return `${Number((Number(amount) * (UNITS[unit] ?? 1)).toFixed(3))}s`;
}

/** Labels, and headers by which agents name their sessions. The first that is there counts. */
const AGENT_HEADERS = [
  ["session", "x-claude-code-session-id"],
  ["session", "session-id"],
  ["session", "x-session-id"],
  ["agent", "x-claude-code-agent-id"],
  ["parent_agent", "x-claude-code-parent-agent-id"],
  ["thread", "thread-id"],
  ["app", "x-app"],
  ["app", "originator"],
] as const;

/** A name or an identifier; another text is no label. */
const IDENTIFIER = /^[\w.:/+=@~-]{1,128}$/;

function agentLabels(header: Header): JsonObject {
  const labels: Record<string, string> = {};
  for (const [label, name] of AGENT_HEADERS) {
    const value = header(name);
    if (value !== undefined && IDENTIFIER.test(value)) labels[label] ??= value;
  }
  return labels;
}

function labelsOf(header: Header): JsonObject | undefined {
  const labels = { ...agentLabels(header), ...givenLabels(header) };
  return Object.keys(labels).length === 0 ? undefined : labels;
}

function givenLabels(header: Header): JsonObject {
  const given = header("x-steer-labels");
  if (given === undefined) return {};
  const labels = listOf(given).map((each) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(each) ?? [];
    if (name !== undefined && value !== undefined) return [name.trim(), value.trim()] as const;
    throw invalidField("x-steer-labels", "must be a list such as team=a,stage=b");
  });
  return Object.fromEntries(labels);
}

function routingOf(header: Header): JsonObject {
  const fallbacks = header("x-steer-fallbacks");
  const unsupported = header("x-steer-unsupported");
  if (unsupported !== undefined && unsupported !== "drop" && unsupported !== "reject") {
    throw invalidField("x-steer-unsupported", "must be drop or reject");
  }
  return {
    ...(fallbacks !== undefined && { fallbacks: listOf(fallbacks).map((model) => ({ model })) }),
    ...(unsupported !== undefined && {
      unsupportedParameters: `UNSUPPORTED_PARAMETER_ACTION_${unsupported.toUpperCase()}`,
    }),
  };
}

/** Members of both. Members that are objects are merged; for others, the second takes precedence. */
function merged(first: JsonObject, second: JsonObject): JsonObject {
  const all = { ...first };
  for (const [name, value] of Object.entries(second)) {
    const before = all[name];
    all[name] = isJsonObject(before) && isJsonObject(value) ? merged(before, value) : value;
  }
  return all;
}

/**
 * The settings of a request as fields of `GenerationSpec` in JSON; undefined: none. The body takes precedence. Throws
 * INVALID_ARGUMENT naming the header.
 */
export function wishesOf(header: Header, body: JsonObject | undefined): JsonObject | undefined {
  const routing = routingOf(header);
  const total = timeoutOf(header);
  const labels = labelsOf(header);
  const said: JsonObject = {
    ...(Object.keys(routing).length > 0 && { routing }),
    ...(total !== undefined && { timeouts: { total } }),
    ...(labels !== undefined && { labels }),
  };
  const wishes = body === undefined ? said : merged(said, body);
  return Object.keys(wishes).length === 0 ? undefined : wishes;
}
