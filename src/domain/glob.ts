/**
 * Whether a glob matches the whole text: `*` stands for any characters, `?` for one. Takes at most the product of both
 * lengths, whatever the glob is.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let place = 0;
  /** Behind the last star, and how much of the text that star has taken. */
  let star = -1;
  let taken = 0;
  while (place < text.length) {
    const sign = glob[at];
    if (sign === "*") {
      star = ++at;
      taken = place;
    } else if (sign !== undefined && (sign === "?" || sign === text[place])) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star;
      place = ++taken;
    } else {
      return false;
    }
  }
  while (glob[at] === "*") at++;
  return at === glob.length;
}
