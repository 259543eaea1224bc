import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runSteer } from "../support/run-steer.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const TELL = pathToFileURL(join(import.meta.dirname, "../support/tell-modules.js")).href;
const FOLDER = mkdtempSync(join(tmpdir(), "steer-modules-"));
const FILE = join(FOLDER, "modules");

/** Programs keep the cache in the folder of temporary files, as they do where nobody names a place for it. */
const ENV = {
  NODE_COMPILE_CACHE: "",
  TMPDIR: FOLDER,
  NODE_OPTIONS: `--import ${TELL}`,
  LOADED_MODULES: FILE,
};

/** What a service uses before any call. */
const PACKAGES = [
  "@bufbuild/protobuf",
  "@bufbuild/protovalidate",
  "@cfworker/json-schema",
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "eventsource-parser",
  "fastest-levenshtein",
];
/** The options of the contract, without the library that evaluates them. */
const RULES_OF_THE_CONTRACT = ["dist/esm/gen/buf/validate/validate_pb.js"];

const STRIPPER = /internal\/deps\/amaro/;

function toldModules(): readonly string[] {
  return readFileSync(FILE, "utf8").split("\n");
}

/** Files of a package that were loaded, by their paths in it. */
function filesOf(modules: readonly string[], name: string): readonly string[] {
  const place = `/node_modules/${name}/`;
  return modules.flatMap((url) => (url.includes(place) ? [url.split(place)[1] ?? ""] : []));
}

function packagesOf(modules: readonly string[]): readonly string[] {
  const names = modules.flatMap(
    (url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [],
  );
  return [...new Set(names)].sort();
}

/** The modules that a service loads from its start to its end. */
async function modulesOfService(
  config?: string,
  use: (service: ServiceProcess) => Promise<void> = async () => {},
): Promise<readonly string[]> {
  const service = await startService(
    config === undefined ? { env: ENV } : { env: { ...ENV, OPENAI_API_KEY: "none" }, config },
  );
  await use(service);
  service.signal("SIGTERM");
  await service.exited;
  return toldModules();
}

// Fills the cache.
beforeAll(async () => {
  expect((await modulesOfService()).some((name) => STRIPPER.test(name))).toBe(true);
});

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

it("a service loads nothing that only some requests or configurations need", async () => {
  const modules = await modulesOfService();
  expect(modules.filter((name) => STRIPPER.test(name))).toEqual([]);
  expect(packagesOf(modules)).toEqual(PACKAGES);
  expect(filesOf(modules, "@bufbuild/protovalidate")).toEqual(RULES_OF_THE_CONTRACT);
});

it("a request that breaks a rule loads nothing: its refusal holds nobody", async () => {
  const modules = await modulesOfService(undefined, async ({ http }) => {
    const response = await fetch(`${http}/steer.v1.GenerationService/Generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec: { model: "simulator", prompt: "Hi", messages: [{}] } }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });
  expect(packagesOf(modules)).toEqual(PACKAGES);
  expect(filesOf(modules, "@bufbuild/protovalidate")).toEqual(RULES_OF_THE_CONTRACT);
});

it("a provider loads the HTTP client without the rest of its package", async () => {
  const modules = await modulesOfService("providers: [{ id: openai, type: openai }]\n");
  const files = filesOf(modules, "undici");
  expect(files).toContain("lib/dispatcher/pool.js");
  expect(files).not.toContain("index.js");
  expect(files.filter((file) => file.startsWith("lib/web/fetch/index"))).toEqual([]);
});

it("the command line loads no stripper of types", async () => {
  for (const _ of ["fills the cache", "uses it"]) {
    expect((await runSteer(["--version"], { env: ENV })).code).toBe(0);
  }
  expect(toldModules().filter((name) => STRIPPER.test(name))).toEqual([]);
});
