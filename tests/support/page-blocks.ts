import { pages, textOf } from "./guide-pages.ts";

export interface PageBlock {
  readonly page: string;
  /** The language; "" where the fence has none. */
  readonly language: string;
  /** What follows the language in the first line. */
  readonly mark: string;
  readonly text: string;
  /** The block that follows, if nothing but blank lines stand between. */
  readonly next: PageBlock | undefined;
}

/** Pages whose blocks are executed, checked or say why not. */
const isExecuted = (page: string): boolean =>
  page === "README.md" || page === "CONTRIBUTING.md" || page.startsWith("docs/");

const FENCE = /^( *)```([\w-]*) *(.*)\n([\s\S]*?)^\1```$(\s*)/gm;

function blocksOf(page: string): PageBlock[] {
  const found = [...textOf(page).matchAll(FENCE)];
  const blocks: PageBlock[] = [];
  for (const [index, match] of [...found.entries()].reverse()) {
    const [whole, , language = "", mark = "", text = ""] = match;
    const follows = found[index + 1]?.index === match.index + whole.length;
    const next = follows ? blocks[0] : undefined;
    blocks.unshift({ page, language, mark, text, next });
  }
  return blocks;
}

export const pageBlocks: readonly PageBlock[] = pages.filter(isExecuted).flatMap(blocksOf);
