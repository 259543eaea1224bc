const WORDS = (
  "the sea is wide and does not answer but every wave carries a word of it from the far shore " +
  "café naïve Übung señor 東京 море ☂ 🚀 where small boats wait for light and patient hands mend nets"
).split(" ");

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** Fewest deltas of a text, if it is long enough. */
const MIN_TOKENS = 20;

/** Longest echo of a prompt, in code points. */
const ECHO_POINTS = 200;

function echoOf(prompt: string): string {
  // A prompt can have megabytes, so only its beginning is used.
  const points = Array.from(
    prompt
      .slice(0, 4 * ECHO_POINTS)
      .toWellFormed()
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
  const isWhole = points.length <= ECHO_POINTS && prompt.length <= 4 * ECHO_POINTS;
  return isWhole ? points.join("") : `${points.slice(0, ECHO_POINTS).join("")}…`;
}

/** The answer to a prompt without a script: 20 words or more, one token each. */
export function greeting(prompt: string): string[] {
  const echo = echoOf(prompt);
  const wrote = echo === "" ? "Your prompt has no text." : `You wrote: “${echo}”.`;
  const text =
    `This is Steer's simulator: no model was asked, and nothing was paid. ${wrote} ` +
    "The answer depends on your request alone; docs/simulator.md says how to script another one.";
  return text.split(/(?= )/);
}

/** `count` tokens that depend only on the seed. */
export function* words(seed: number, count: number): Generator<string> {
  let state = seed;
  for (let index = 0; index < count; index++) {
    // Mulberry32: small, and equal on every machine.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const word = WORDS[((mixed ^ (mixed >>> 14)) >>> 0) % WORDS.length] ?? "";
    yield index === 0 ? word : ` ${word}`;
  }
}

/** Splits a text into tokens of at most `longest` code points, and into at least 20 tokens if it is long enough. */
export function pieces(text: string, longest: number): string[] {
  const points = Array.from(text);
  const size = Math.max(1, Math.min(longest, Math.floor(points.length / MIN_TOKENS)));
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    points.slice(index * size, (index + 1) * size).join(""),
  );
}
