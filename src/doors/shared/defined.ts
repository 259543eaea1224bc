type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The fields with a value other than undefined. */
export function defined<T extends object>(fields: T): Defined<T> {
  const said: Partial<T> = {};
  for (const name of Object.keys(fields) as (keyof T)[]) {
    if (fields[name] !== undefined) said[name] = fields[name];
  }
  return said as Defined<T>;
}
