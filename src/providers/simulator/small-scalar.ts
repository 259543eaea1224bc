import type { JsonValue } from "../../domain/json.ts";
import type { FlatSchema } from "./schema-ways.ts";

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

/** Longest generated text, in UTF-16 units. */
const MAX_LENGTH = 65_536;

/** Decimal digits that a double always keeps. */
const SAFE_DIGITS = 15;

function numberOf(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

/** 0, or a number near the bounds; undefined: there is none. */
function smallNumber(schema: FlatSchema, isWhole: boolean): number | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const above = numberOf(exclusiveMinimum, Number.NEGATIVE_INFINITY);
  const below = numberOf(exclusiveMaximum, Number.POSITIVE_INFINITY);
  const least = numberOf(minimum, above);
  const most = numberOf(maximum, below);
  const step = numberOf(multipleOf, 1);
  const multiples = [
    Math.ceil(least / step),
    Math.floor(least / step) + 1,
    Math.floor(most / step),
    Math.ceil(most / step) - 1,
  ].map((times) => Number((times * step).toPrecision(SAFE_DIGITS)));
  const others = multipleOf === undefined ? [least, most, (least + most) / 2] : [];
  return [0, ...multiples, ...others].find(
    (value) =>
      (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
      value >= least &&
      value <= most &&
      value > above &&
      value < below,
  );
}

/** A text of the format, padded at the front with letters to the least length. `pattern` is ignored. */
function smallText({ format, minLength, maxLength }: FlatSchema): string | undefined {
  const least = Math.ceil(numberOf(minLength, 0));
  if (least > MAX_LENGTH) return undefined;
  const known = typeof format === "string" && Object.hasOwn(FORMATS, format) && FORMATS[format];
  const text = (known || "").padStart(least, "a");
  return text.length <= numberOf(maxLength, text.length) ? text : undefined;
}

/** A small value of a scalar type; undefined: the schema allows none. */
export function smallScalar(schema: FlatSchema, type: JsonValue): JsonValue | undefined {
  switch (type) {
    case "integer":
    case "number":
      return smallNumber(schema, type === "integer");
    case "string":
      return smallText(schema);
    case "null":
      return null;
    case "boolean":
      return false;
    default:
      return undefined;
  }
}
