import type { Printed, Tone } from "./screen.ts";

const FILLS: Readonly<Record<Tone, string>> = {
  answer: "#d8dee9",
  note: "#88c0d0",
  trouble: "#ff6b6b",
};

const LINE_HEIGHT = 20;
const MARGIN = 18;
const FONT_SIZE = 14;
/** Of a monospaced font. */
const CHARACTER_WIDTH = FONT_SIZE * 0.602;
const WIDTH = 780;
/** How long the last picture stays before the recording begins anew. */
const REST_MS = 6_000;

interface Piece {
  readonly row: number;
  readonly column: number;
  readonly text: string;
  readonly tone: Tone;
  readonly atMs: number;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

const escaped = (text: string): string => text.replaceAll(/[&<>]/g, (sign) => ESCAPES[sign] ?? "");

function layout(printed: readonly Printed[]): { readonly pieces: Piece[]; readonly rows: number } {
  const pieces: Piece[] = [];
  let row = 0;
  let column = 0;
  for (const { text, tone, atMs } of printed) {
    for (const [index, line] of text.split("\n").entries()) {
      if (index > 0) {
        row++;
        column = 0;
      }
      if (line !== "") pieces.push({ row, column, text: line, tone, atMs });
      column += line.length;
    }
  }
  return { pieces, rows: row + (column > 0 ? 1 : 0) };
}

/** The recording as an animated picture that begins anew for ever. */
export function recordingOf(printed: readonly Printed[]): string {
  const { pieces, rows } = layout(printed);
  const totalMs = (printed.at(-1)?.atMs ?? 0) + REST_MS;
  const height = rows * LINE_HEIGHT + 2 * MARGIN;
  const share = (ms: number): string => ((ms / totalMs) * 100).toFixed(2);
  const moments = [...new Set(pieces.map(({ atMs }) => atMs))];
  const classOf = new Map(moments.map((atMs, index) => [atMs, `t${index}`]));
  const rules = moments.map((atMs) => {
    const name = classOf.get(atMs);
    const at = share(atMs);
    return (
      `@keyframes ${name}{0%,${at}%{opacity:0}${at}%,100%{opacity:1}}` +
      `.${name}{animation:${name} ${(totalMs / 1_000).toFixed(2)}s steps(1) infinite}`
    );
  });
  const texts = pieces.map(({ row, column, text, tone, atMs }) => {
    const x = (MARGIN + column * CHARACTER_WIDTH).toFixed(1);
    const y = MARGIN + row * LINE_HEIGHT + FONT_SIZE;
    return `<text class="${classOf.get(atMs)}" x="${x}" y="${y}" fill="${FILLS[tone]}">${escaped(text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    "<title>A stream survives kill -9 of the replica that generates it</title>",
    `<style>text{font:${FONT_SIZE}px ui-monospace,Menlo,Consolas,monospace;white-space:pre}${rules.join("")}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="#242933"/>`,
    ...texts,
    "</svg>\n",
  ].join("\n");
}
