/**
 * Keywords whose cost grows faster than the value. Patterns, and those behind formats, backtrack; items are
 * compared with one another; references repeat what they refer to, and each other; whatever applies a schema
 * to a value that another one is applied to already multiplies the two. An escape can hide any of them.
 */
const COSTLY =
  /"(?:pattern|patternProperties|format|uniqueItems|propertyNames|contains|unevaluated\w*|depend\w*|\$\w*[rR]ef|allOf|anyOf|oneOf|not|if)"|\\/;

/** Longest schema and value, in UTF-16 units, and their largest product: what is allowed or required is looked through. */
const MAX_SCHEMA = 8 * 1024;
const MAX_VALUE = 4 * 1024;
const MAX_PRODUCT = 1024 * 1024;

/** The check visits each part of the value once: milliseconds at the worst. A property may have a costly name. */
export function isPlainSchema(schema: string, value: string): boolean {
  if (schema.length > MAX_SCHEMA || value.length > MAX_VALUE) return false;
  return schema.length * value.length <= MAX_PRODUCT && !COSTLY.test(schema);
}
