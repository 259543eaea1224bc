// The console as a browser gets it: its size, and what its pages point to.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { beforeAll, expect, it } from "vitest";
import { ROOT } from "../../support/guide-pages.ts";

const MAX_KIB = 150;

const files = new Map<string, Buffer>();

beforeAll(async () => {
  const configFile = join(ROOT, "console/vite.config.ts");
  const built = await build({ configFile, logLevel: "error", build: { write: false } });
  for (const { output } of [built].flat() as { output: { fileName: string }[] }[]) {
    for (const file of output as { fileName: string; code?: string; source?: string }[]) {
      files.set(file.fileName, Buffer.from(file.code ?? file.source ?? ""));
    }
  }
});

it("has at most 150 KiB, compressed", () => {
  const sizes = [...files.values()].map((bytes) => gzipSync(bytes, { level: 9 }).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(10 * 1024);
  expect(bytes).toBeLessThanOrEqual(MAX_KIB * 1024);
});

it("loads its own files alone, by relative addresses, and has nothing inline", () => {
  const page = files.get("index.html")?.toString() ?? "";
  const links = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThan(2);
  for (const link of links) expect(link).toMatch(/^\.\//);
  expect(page).not.toMatch(/<style|style="|\son\w+="|<script(?![^>]*\ssrc=)/);
  const styles = [...files].filter(([name]) => name.endsWith(".css"));
  for (const [, css] of styles) expect(css.toString()).not.toMatch(/url\(|@import/);
});
