/**
 * Keywords whose cost can grow faster than the value. Patterns and formats backtrack. Items are compared with each
 * other. References repeat their targets. Keywords that apply several schemas to one value multiply their cost. An
 * escape can hide any of them.
 */
const COSTLY =
  /"(?:pattern|patternProperties|format|uniqueItems|propertyNames|contains|unevaluated\w*|depend\w*|\$\w*[rR]ef|allOf|anyOf|oneOf|not|if)"|\\/;

/**
 * Longest schema and value in UTF-16 units, and their largest product, because allowed and required values are
 * searched linearly.
 */
const MAX_SCHEMA = 8 * 1024;
const MAX_VALUE = 4 * 1024;
const MAX_PRODUCT = 1024 * 1024;

/**
 * Whether the check visits each part of the value once, which takes milliseconds at worst. A property name can look
 * like a costly keyword.
 */
export function isPlainSchema(schema: string, value: string): boolean {
  if (schema.length > MAX_SCHEMA || value.length > MAX_VALUE) return false;
  return schema.length * value.length <= MAX_PRODUCT && !COSTLY.test(schema);
}
