/** A pattern of paths: `*` is one name, and what ends in a slash holds all that is below. */
export function toPattern(path) {
  const source = path.replaceAll(/[.\\]/g, "\\$&").replaceAll("*", "[^/]+");
  return new RegExp(`^${source}${path.endsWith("/") ? "" : "$"}`);
}
