import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/** Deepest nesting that is followed; a schema that needs more has no small value. */
const MAX_DEPTH = 32;

function resolve(reference: string, root: JsonObject): JsonValue {
  let value: JsonValue = root;
  for (const step of reference.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    value = (isJsonObject(value) ? value[key] : undefined) ?? {};
  }
  return value;
}

function merge(schemas: readonly JsonValue[]): JsonObject {
  const merged: JsonObject = {};
  for (const schema of schemas) {
    if (!isJsonObject(schema)) continue;
    for (const [key, value] of Object.entries(schema)) {
      const before = merged[key];
      if (Array.isArray(before) && Array.isArray(value) && key === "required") {
        merged[key] = [...before, ...value];
      } else if (isJsonObject(before) && isJsonObject(value)) merged[key] = { ...before, ...value };
      else merged[key] = value;
    }
  }
  return merged;
}

function number(schema: JsonObject, step: number): number {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const unit = typeof multipleOf === "number" ? multipleOf : step;
  const up = (bound: number): number => Math.ceil(bound / unit) * unit;
  const down = (bound: number): number => Math.floor(bound / unit) * unit;
  if (typeof minimum === "number" && minimum > 0) return up(minimum);
  if (typeof exclusiveMinimum === "number" && exclusiveMinimum >= 0) {
    const next = up(exclusiveMinimum);
    return next > exclusiveMinimum ? next : next + unit;
  }
  if (typeof maximum === "number" && maximum < 0) return down(maximum);
  if (typeof exclusiveMaximum === "number" && exclusiveMaximum <= 0) {
    const next = down(exclusiveMaximum);
    return next < exclusiveMaximum ? next : next - unit;
  }
  return 0;
}

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

function string(schema: JsonObject): string {
  const { format, minLength } = schema;
  const known = typeof format === "string" ? FORMATS[format] : undefined;
  return known ?? "x".repeat(typeof minLength === "number" ? minLength : 0);
}

function object(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const value: JsonObject = {};
  // In the order of the properties, as a model writes them.
  const wanted = new Set(required.filter((name) => typeof name === "string"));
  for (const name of [...Object.keys(properties).filter((key) => wanted.has(key)), ...wanted]) {
    if (!(name in value)) value[name] = smallest(properties[name] ?? true, root, depth + 1);
  }
  return value;
}

function array(schema: JsonObject, root: JsonObject, depth: number): JsonValue[] {
  const prefix = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
  const least = typeof schema["minItems"] === "number" ? schema["minItems"] : 0;
  return Array.from({ length: least }, (_, index) =>
    smallest(prefix[index] ?? schema["items"] ?? true, root, depth + 1),
  );
}

function smallest(schema: JsonValue, root: JsonObject, depth: number): JsonValue {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return null;
  if (typeof schema["$ref"] === "string") {
    const { $ref, ...rest } = schema;
    return smallest(merge([resolve($ref as string, root), rest]), root, depth + 1);
  }
  if ("const" in schema) return schema["const"] ?? null;
  if (Array.isArray(schema["enum"])) return schema["enum"][0] ?? null;
  for (const choice of ["anyOf", "oneOf"]) {
    const { [choice]: options, ...rest } = schema;
    if (Array.isArray(options)) return smallest(merge([rest, options[0] ?? {}]), root, depth + 1);
  }
  if (Array.isArray(schema["allOf"])) {
    const { allOf, ...rest } = schema;
    return smallest(merge([rest, ...(allOf as JsonValue[])]), root, depth + 1);
  }
  const declared = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  switch (declared ?? ("properties" in schema || "required" in schema ? "object" : "null")) {
    case "object":
      return object(schema, root, depth);
    case "array":
      return array(schema, root, depth);
    case "string":
      return string(schema);
    case "integer":
      return number(schema, 1);
    case "number":
      return number(schema, typeof schema["exclusiveMinimum"] === "number" ? 0.5 : 1);
    case "boolean":
      return false;
    default:
      return null;
  }
}

/** The smallest value that a JSON Schema allows; `pattern` is not followed. */
export function smallestValue(schema: JsonValue): JsonValue {
  return smallest(schema, isJsonObject(schema) ? schema : {}, 0);
}
