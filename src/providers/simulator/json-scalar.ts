import { countCodePoints } from "../../domain/count-code-points.ts";
import type { JsonValue } from "../../domain/json.ts";
import type { FlatSchema, SchemaType } from "./json-schema.ts";

const FORMATS: Readonly<Record<string, string>> = {
  date: "2000-01-01",
  time: "00:00:00Z",
  "date-time": "2000-01-01T00:00:00Z",
  duration: "PT0S",
  email: "a@b.co",
  hostname: "a.b",
  ipv4: "0.0.0.0",
  ipv6: "::",
  uri: "a:b",
  uuid: "00000000-0000-0000-0000-000000000000",
};

/** Formats that stay valid with more letters in front. */
const STRETCHABLE: readonly unknown[] = ["email", "hostname", "uri"];

/** Decimal digits that a double holds for certain. */
const SAFE_DIGITS = 15;

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function isMultiple(value: number, step: number): boolean {
  const times = value / step;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function allowsNumber(schema: FlatSchema, value: number, whole: boolean): boolean {
  const step = numberOf(schema["multipleOf"]);
  return (
    Number.isFinite(value) &&
    (!whole || Number.isInteger(value)) &&
    value >= (numberOf(schema["minimum"]) ?? value) &&
    value <= (numberOf(schema["maximum"]) ?? value) &&
    !(value <= (numberOf(schema["exclusiveMinimum"]) ?? Number.NEGATIVE_INFINITY)) &&
    !(value >= (numberOf(schema["exclusiveMaximum"]) ?? Number.POSITIVE_INFINITY)) &&
    (step === undefined || isMultiple(value, step))
  );
}

function allowsLength(schema: FlatSchema, text: string): boolean {
  const length = countCodePoints(text);
  return (
    length >= (numberOf(schema["minLength"]) ?? 0) &&
    length <= (numberOf(schema["maxLength"]) ?? length)
  );
}

/** Whether a value of an `enum` has a type and keeps the bounds beside it. */
export function allowsListed(schema: FlatSchema, type: SchemaType, value: JsonValue): boolean {
  switch (type) {
    case "integer":
    case "number":
      return typeof value === "number" && allowsNumber(schema, value, type === "integer");
    case "string":
      return typeof value === "string" && allowsLength(schema, value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
  }
}

/** The number with the shortest text, the smaller one of two. */
export function smallestNumber(schema: FlatSchema, whole: boolean): number | undefined {
  const low = numberOf(schema["minimum"]) ?? numberOf(schema["exclusiveMinimum"]);
  const high = numberOf(schema["maximum"]) ?? numberOf(schema["exclusiveMaximum"]);
  const steps = [numberOf(schema["multipleOf"]) ?? 1];
  if (!whole && schema["multipleOf"] === undefined) steps.push(0.5, 0.1, 0.01);
  const bounds = [low, high].filter((bound) => bound !== undefined);
  const near = bounds.flatMap((bound) =>
    steps.flatMap((step) =>
      [Math.floor(bound / step) - 1, Math.floor(bound / step), Math.ceil(bound / step)]
        .flatMap((times) => [times, times + 1])
        .map((times) => Number((times * step).toPrecision(SAFE_DIGITS))),
    ),
  );
  const middle = low === undefined || high === undefined ? [] : [(low + high) / 2];
  return [0, ...near, ...bounds, ...middle]
    .filter((value) => allowsNumber(schema, value, whole))
    .sort((a, b) => String(a).length - String(b).length || Math.abs(a) - Math.abs(b))[0];
}

/** The shortest string; `pattern` is not followed. `longest` bounds what is built. */
export function smallestString(schema: FlatSchema, longest: number): string | undefined {
  const { format } = schema;
  const known =
    typeof format === "string" && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  const missing = Math.ceil(numberOf(schema["minLength"]) ?? 0) - (known ?? "").length;
  if (missing > longest) return undefined;
  const stretches = known === undefined || STRETCHABLE.includes(format);
  const text = `${stretches ? "a".repeat(Math.max(0, missing)) : ""}${known ?? ""}`;
  return allowsLength(schema, text) ? text : undefined;
}
