import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { startService } from "../support/service.ts";

const LOADING = pathToFileURL(join(import.meta.dirname, "../../src/loading.js")).href;
const FOLDER = mkdtempSync(join(tmpdir(), "steer-loading-"));

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A WebAssembly function `run` that calls JavaScript. */
const BYTES = [
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
  ...[0x02, 0x07, 0x01, 0x01, 0x6d, 0x01, 0x66, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x07, 0x01, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x01],
  ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x10, 0x00, 0x0b],
];

/** What V8 compiles while WebAssembly calls JavaScript more often than it does before it gets code of its own. */
function compiled(before: string): string {
  const program = `${before}
    const module = new WebAssembly.Module(new Uint8Array([${BYTES.join()}]));
    const { exports } = new WebAssembly.Instance(module, { m: { f() {} } });
    for (let calls = 0; calls < 5_000; calls++) exports.run();`;
  const flags = ["--trace-wasm-compilation-times", "--input-type=module", "--eval", program];
  return execFileSync(process.execPath, flags, { encoding: "utf8", env: {} });
}

it("WebAssembly gets no code that threads share", () => {
  const prepared = `(await import(${JSON.stringify(LOADING)})).prepareLoading();`;
  expect(compiled("")).toContain("WasmToJS wrapper");
  const output = compiled(prepared);
  expect(output).toContain("Compiled function");
  expect(output).not.toContain("WasmToJS wrapper");
});

it("threads of a service have their files from the compile cache, wherever it is", async () => {
  const env = {
    NODE_COMPILE_CACHE: "",
    TMPDIR: FOLDER,
    NODE_DEBUG_NATIVE: "COMPILE_CACHE",
    STEER_STREAM_STORE: `sqlite:${join(FOLDER, "steer.db")}`,
  };
  async function outputOfStart(): Promise<string> {
    const service = await startService({ env });
    service.signal("SIGTERM");
    await service.exited;
    return service.errors();
  }
  await outputOfStart();
  expect(await outputOfStart()).toMatch(/cache for .*store\/sqlite\/worker\.ts.* was accepted/);
});
