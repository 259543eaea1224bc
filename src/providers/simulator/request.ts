import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/** A scripted fault of one attempt. */
export interface Fault {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
  /** The connection breaks after this many bytes of the answer. */
  readonly cutAfterBytes?: number;
  /** The answer falls silent after this many events. */
  readonly stallAfterEvents?: number;
  /** The event at this position, from 0, cannot be parsed. */
  readonly malformedAt?: number;
  /** An error replaces the event at this position, from 0. */
  readonly errorAt?: number;
  /** The answer ends without its end marker. */
  readonly omitTerminator?: boolean;
  /** The connection is refused. */
  readonly refuse?: boolean;
}

/** The validated `provider_options.simulator`. */
export interface Script {
  readonly text?: string;
  readonly tokens?: number;
  readonly firstTokenMs: number;
  readonly paceMs: number;
  readonly faults: readonly Fault[];
}

const PATH = "spec.provider_options.simulator";
const MAX_TOKENS = 200_000;
const MAX_PAUSE_MS = 600_000;
const MAX_FAULTS = 64;

function refuse(path: string, why: string): never {
  throw new GatewayError("validation", `${path}: ${why}`, {
    violations: [{ field: path, description: why }],
  });
}

function whole(value: JsonValue, path: string, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    return refuse(path, `must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function flag(value: JsonValue, path: string): boolean {
  return typeof value === "boolean" ? value : refuse(path, "must be true or false");
}

function headers(value: JsonValue, path: string): Record<string, string> {
  if (!isJsonObject(value)) return refuse(path, "must be an object of strings");
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== "string") refuse(`${path}.${name}`, "must be a string");
      return [name.toLowerCase(), String(text)];
    }),
  );
}

/** Reads the fields of an object by a table, and refuses others. */
function read<Fields extends Readonly<Record<string, (value: JsonValue, path: string) => unknown>>>(
  value: JsonObject,
  path: string,
  fields: Fields,
): { [Name in keyof Fields]?: ReturnType<Fields[Name]> } {
  const result: { [Name in keyof Fields]?: ReturnType<Fields[Name]> } = {};
  for (const [name, entry] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      refuse(`${path}.${name}`, `unknown key; known are ${Object.keys(fields).join(", ")}`);
    }
    result[name as keyof Fields] = field(entry, `${path}.${name}`) as ReturnType<
      Fields[keyof Fields]
    >;
  }
  return result;
}

const position = (value: JsonValue, path: string): number =>
  whole(value, path, 0, Number.MAX_SAFE_INTEGER);

function fault(value: JsonValue, path: string): Fault {
  if (!isJsonObject(value)) return refuse(path, "must be an object");
  const fields = read(value, path, {
    attempt: (attempt, at) => whole(attempt, at, 1, Number.MAX_SAFE_INTEGER),
    status: (status, at) => whole(status, at, 400, 599),
    headers,
    body: (body) => body,
    cut_after_bytes: position,
    stall_after_events: position,
    malformed_at: position,
    error_at: position,
    omit_terminator: flag,
    refuse: flag,
  });
  const { status, body, headers: given } = fields;
  return {
    attempt: fields.attempt ?? refuse(`${path}.attempt`, "is required; attempts count from 1"),
    ...(status !== undefined && { status }),
    ...(given !== undefined && { headers: given }),
    ...(body !== undefined && { body }),
    ...(fields.cut_after_bytes !== undefined && { cutAfterBytes: fields.cut_after_bytes }),
    ...(fields.stall_after_events !== undefined && {
      stallAfterEvents: fields.stall_after_events,
    }),
    ...(fields.malformed_at !== undefined && { malformedAt: fields.malformed_at }),
    ...(fields.error_at !== undefined && { errorAt: fields.error_at }),
    ...(fields.omit_terminator !== undefined && { omitTerminator: fields.omit_terminator }),
    ...(fields.refuse !== undefined && { refuse: fields.refuse }),
  };
}

/** Checks a script. `allowFaults: false` refuses one with faults. */
export function parseScript(options: JsonObject, allowFaults: boolean): Script {
  const fields = read(options, PATH, {
    text: (value, path) => (typeof value === "string" ? value : refuse(path, "must be a string")),
    tokens: (value, path) => whole(value, path, 0, MAX_TOKENS),
    first_token_ms: (value, path) => whole(value, path, 0, MAX_PAUSE_MS),
    pace_ms: (value, path) => whole(value, path, 0, MAX_PAUSE_MS),
    faults: (value, path) => {
      if (!Array.isArray(value) || value.length > MAX_FAULTS) {
        return refuse(path, `must be a list of at most ${MAX_FAULTS} faults`);
      }
      return value.map((entry, index) => fault(entry, `${path}[${index}]`));
    },
  });
  const faults = fields.faults ?? [];
  if (faults.length > 0 && !allowFaults) {
    throw new GatewayError("validation", "scripted faults are switched off: set faults.allow", {
      reason: "FAULTS_DISABLED",
    });
  }
  return {
    ...(fields.text !== undefined && { text: fields.text }),
    ...(fields.tokens !== undefined && { tokens: fields.tokens }),
    firstTokenMs: fields.first_token_ms ?? 0,
    paceMs: fields.pace_ms ?? 0,
    faults,
  };
}
