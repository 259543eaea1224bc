import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Pages that are read where they lie, beside what they are about. */
const isGuide = (page: string): boolean =>
  page === "README.md" || page === "SECURITY.md" || /^docs\/(?!decisions\/)/.test(page);

const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((page) => page !== "");

const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");

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
  expect(pages.filter((page) => isGuide(page) && page !== "README.md" && !isReached(page))).toEqual(
    [],
  );
});
