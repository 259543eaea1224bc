import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** All pages of the repository, from its root. */
export const pages: readonly string[] = execFileSync(
  "git",
  ["ls-files", "-co", "--exclude-standard", "*.md"],
  {
    cwd: ROOT,
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((page) => page !== "");

/** Pages that are read where they lie, beside what they are about. */
export const isGuide = (page: string): boolean =>
  page === "README.md" || page === "SECURITY.md" || /^docs\/(?!decisions\/)/.test(page);

export const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");
