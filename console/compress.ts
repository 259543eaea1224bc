import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const MIN_BYTES = 1024;
const LEVEL = 9;

/** Writes each built file once more as `NAME.gz`, so that the service compresses nothing. */
export function compress(): Plugin {
  return {
    name: "compress",
    writeBundle({ dir = "" }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(?:html|js|css|svg)$/.test(name)) continue;
        const plain = readFileSync(join(dir, name));
        if (plain.length < MIN_BYTES) continue;
        writeFileSync(join(dir, `${name}.gz`), gzipSync(plain, { level: LEVEL }));
      }
    },
  };
}
