import { LOG_EVENTS, LOG_FIELDS } from "../../src/domain/log-line.ts";

/** Fields by name: the name of a value type, with a question mark if optional, or nested fields. */
export interface FieldList {
  readonly [name: string]: string | FieldList;
}

const isText = (value: unknown): boolean => typeof value === "string";
const isWhole = (value: unknown): boolean => Number.isInteger(value);

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: isText,
  texts: (value) => Array.isArray(value) && value.every(isText),
  map: (value) => typeof value === "object" && Object.values(value ?? {}).every(isText),
  flag: (value) => typeof value === "boolean",
  count: isWhole,
  tokens: isWhole,
  bytes: isWhole,
  ms: isWhole,
  picos: isWhole,
  seconds: (value) => typeof value === "number",
};

function problemOf(
  value: Readonly<Record<string, unknown>>,
  fields: FieldList,
  path: string,
): string | undefined {
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) return `${path}${unknown} is not in the list`;
  for (const [name, type] of Object.entries(fields)) {
    const given = value[name];
    if (typeof type !== "string") {
      const inner = problemOf(given as Record<string, unknown>, type, `${path}${name}.`);
      if (inner !== undefined) return inner;
    } else if (given === undefined) {
      if (!type.endsWith("?")) return `${path}${name} is missing`;
    } else if (CHECKS[type.replace("?", "")]?.(given) !== true) {
      return `${path}${name} is no ${type}`;
    }
  }
  return undefined;
}

/** The difference between a log line and the list of all events; undefined: none. */
export function logLineProblem(line: Readonly<Record<string, unknown>>): string | undefined {
  const event = String(line["event"]);
  const events: Readonly<Record<string, FieldList>> = LOG_EVENTS;
  const fields = Object.hasOwn(events, event) ? events[event] : undefined;
  if (fields === undefined) return `no event "${event}" is in the list`;
  return problemOf(line, { ...LOG_FIELDS, ...fields }, "");
}
