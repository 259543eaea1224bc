import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { pages, ROOT, repositoryFiles, textOf } from "../support/guide-pages.ts";

/** As GitHub makes the anchor of a heading. */
function anchorsOf(page: string): Set<string> {
  const headings = textOf(page).match(/^#{1,6} .+$/gm) ?? [];
  const seen = new Map<string, number>();
  return new Set(
    headings.map((heading) => {
      const anchor = heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-");
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

interface Link {
  readonly page: string;
  /** From the root; with `#` and an anchor where there is one. */
  readonly target: string;
}

function linksOf(page: string): Link[] {
  const prose = textOf(page).replaceAll(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, to = ""]) => {
    const [file = "", anchor] = to.split("#");
    const path = file === "" ? page : relative(ROOT, join(ROOT, dirname(page), file));
    return { page, target: anchor === undefined ? path : `${path}#${anchor}` };
  });
}

function problemOf({ target }: Link): string | undefined {
  const [path = "", anchor] = target.split("#");
  const full = join(ROOT, path);
  if (!existsSync(full)) return "no such file";
  if (anchor === undefined) return undefined;
  if (statSync(full).isDirectory() || !path.endsWith(".md")) return "an anchor in no page";
  return anchorsOf(path).has(anchor) ? undefined : "no such heading";
}

it.each(pages)("every link of %s leads somewhere", (page) => {
  const dead = linksOf(page).flatMap((link) => {
    const problem = problemOf(link);
    return problem === undefined ? [] : [`${link.target}: ${problem}`];
  });
  expect(dead).toEqual([]);
});

/** Files beside the pages that people read or write; what others own, or what is recorded, is not. */
const sources = repositoryFiles(
  ":!*.md",
  ":!third_party",
  ":!tests/fixtures",
  ":!gen",
  ":!*.svg",
  ":!*.binpb",
);

/** Mentions of pages in comments and texts: `docs/streams.md#stores`, or by the name alone. */
function mentionsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/https?:\/\/\S+/g, "");
  // A section by its number is in no page.
  return [...text.matchAll(/\b[\w./-]*\w\.md(?:#[\w-]+|`?,? (?:§|section)\s*\d+)?/g)].map(
    ([all]) => all,
  );
}

function mentionProblem(file: string, mention: string): string | undefined {
  const places = ["", "docs", dirname(file)].map((folder) => join(folder, mention));
  const problems = places.map((target) => problemOf({ page: file, target }));
  return problems.includes(undefined) ? undefined : `${file}: ${mention}: ${problems[0]}`;
}

it("every page and heading that a source names is there", () => {
  const mentions = sources.flatMap((file) =>
    mentionsOf(file).map((mention) => ({ file, mention })),
  );
  expect(mentions.length).toBeGreaterThan(40);
  const dead = mentions.flatMap(({ file, mention }) => mentionProblem(file, mention) ?? []);
  expect(dead).toEqual([]);
});

it("every file of the repository that a page names is there", () => {
  const named = pages
    .filter((page) => !page.startsWith("docs/decisions/"))
    .flatMap((page) =>
      [
        ...textOf(page).matchAll(
          /`((?:src|tests|tools|bench|demo|clients|examples|proto|gen)\/[\w./-]+)`/g,
        ),
      ].map(([, path = ""]) => ({ page, path })),
    );
  expect(named.length).toBeGreaterThan(20);
  // The tags of Go's modules are no files.
  const files = named.filter(({ path }) => !/\/v\d[\d.]*$/.test(path));
  expect(files.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
});

/** Pages of other projects, and what tests read. */
const isForeign = (page: string): boolean => /^(?:third_party|tests)\//.test(page);

it("every page is two steps from the README at most", () => {
  const next = (from: readonly string[]): string[] =>
    from.flatMap((page) => linksOf(page).map(({ target }) => target.split("#", 1)[0] ?? ""));
  const isPage = (path: string): boolean => pages.includes(path);
  const first = next(["README.md"]);
  const second = next(first.filter(isPage));
  // A link to a folder is one to what is in it.
  const reached = [...first, ...second];
  const isReached = (page: string): boolean =>
    reached.some((path) => page === path || page.startsWith(`${path}/`));
  expect(
    pages.filter((page) => !isForeign(page) && page !== "README.md" && !isReached(page)),
  ).toEqual([]);
});
