import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";

/** One file of the built console. */
export interface ConsoleFile {
  readonly type: string;
  readonly plain: Buffer;
  /** Compressed at the build; undefined: the file is sent as it is. */
  readonly gzip: Buffer | undefined;
}

/** The files of the console by their path below `/console/`. Empty: the console is not built. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

/** Bounds of a folder that is read into memory. The console has a tenth of them. */
const MAX_FILES = 100;
const MAX_BYTES = 8 * 1024 * 1024;

const GZIP = ".gz";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};
const OTHER_TYPE = "application/octet-stream";

function typeOf(path: string): string {
  return TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? OTHER_TYPE;
}

/** Paths of the files below a folder, with `/`; none if there is no such folder. */
function pathsBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .map((path) => path.replaceAll(sep, "/"));
  } catch {
    return [];
  }
}

/**
 * Reads a built console into memory, so that no request reaches the file system. Throws if the folder has more than
 * 100 files or 8 MiB.
 */
export function readConsoleFiles(folder: string): ConsoleFiles {
  const paths = pathsBelow(folder);
  const bytes = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  if (paths.length > MAX_FILES || bytes > MAX_BYTES) {
    throw new Error(
      `${folder} is no built console: it has ${paths.length} files of ${bytes} bytes`,
    );
  }
  const contents = new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
  const files = new Map<string, ConsoleFile>();
  for (const [path, plain] of contents) {
    if (path.endsWith(GZIP)) continue;
    files.set(path, { type: typeOf(path), plain, gzip: contents.get(path + GZIP) });
  }
  return files;
}
