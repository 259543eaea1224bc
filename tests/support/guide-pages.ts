import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** Files of the repository, committed or new, that match `patterns`. */
export function repositoryFiles(...patterns: readonly string[]): string[] {
  const args = ["ls-files", "-co", "--exclude-standard", "-z", "--", ...patterns];
  const listed = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).split("\0");
  // During an unfinished merge, git lists a file more than once.
  return [...new Set(listed)].filter((file) => file !== "" && existsSync(join(ROOT, file)));
}

/** All pages of the repository, from its root. */
export const pages: readonly string[] = repositoryFiles("*.md");

/** Guides, in contrast to pages that are read beside the files they describe. */
export const isGuide = (page: string): boolean =>
  page === "README.md" || page === "SECURITY.md" || /^docs\/(?!decisions\/)/.test(page);

export const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");
