import { pages, textOf } from "./guide-pages.ts";

export interface PageBlock {
  readonly page: string;
  /** The language; "": the fence names none. */
  readonly language: string;
  /** The rest of the fence's first line. */
  readonly mark: string;
  readonly text: string;
  /** The following block, if only blank lines are between. */
  readonly next: PageBlock | undefined;
}

/** Pages whose blocks are run or checked, or state why not. */
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
