type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The fields with a value other than undefined. */
export function defined<T extends object>(fields: T): Defined<T> {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as Defined<T>;
}
