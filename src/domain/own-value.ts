/**
 * The value of a key that comes from outside. A plain lookup would also find what every object
 * inherits: `constructor`, `toString`, `__proto__`.
 */
export function ownValue<Value>(
  record: Readonly<Record<string, Value>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
