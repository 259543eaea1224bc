/**
 * The value of a key from outside. A plain look-up would also find inherited members: `constructor`, `toString`,
 * `__proto__`.
 */
export function ownValue<Value>(
  record: Readonly<Record<string, Value>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
