import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";
import { compress } from "./compress.ts";

const ROOT = join(import.meta.dirname, "..");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

export default defineConfig({
  root: import.meta.dirname,
  // The console can be served behind any path prefix.
  base: "./",
  define: { CONSOLE_VERSION: JSON.stringify(version) },
  resolve: { alias: { "@steer-gateway/stubs": join(ROOT, "gen/es") } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [compress()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Inlined files would be data: URLs, which the page's policy forbids.
    assetsInlineLimit: 0,
  },
});
