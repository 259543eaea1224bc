// @ts-check
// How programs load their files. JavaScript, as the programs themselves: before the cache is on, each file in
// TypeScript would load Node's stripper of types, which stays in memory.
import { enableCompileCache, registerHooks } from "node:module";
import { setFlagsFromString } from "node:v8";

/**
 * WebAssembly calls JavaScript without code of its own for each signature. V8 shares that code between threads, and in
 * Node 24 aborts the process at times when one thread frees it. The value is far above any number of calls.
 */
export const NO_WRAPPER_CODE = "--wasm-wrapper-tiering-budget=2000000000";

/**
 * Turns on the compile cache, which has the files stripped and compiled after the first start, also for the threads and
 * the processes that this one starts. Resolves imports between files of the service by their URLs alone: looking for
 * each file and for its package takes an eighth of a start.
 */
export function prepareLoading() {
  setFlagsFromString(NO_WRAPPER_CODE);
  const { directory } = enableCompileCache();
  // biome-ignore lint/style/noProcessEnv: Node knows no other way to the threads.
  if (directory !== undefined) process.env["NODE_COMPILE_CACHE"] ||= directory;
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      const isOwn = specifier.startsWith(".") && specifier.endsWith(".ts");
      if (!isOwn || parentURL === undefined) return next(specifier, context);
      const { href: url } = new URL(specifier, parentURL);
      return { url, format: "module-typescript", shortCircuit: true };
    },
  });
}
