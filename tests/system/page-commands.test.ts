import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT, repositoryFiles } from "../support/guide-pages.ts";
import { isNightly } from "../support/nightly.ts";
import { type PageBlock, pageBlocks } from "../support/page-blocks.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { environmentOfRun } from "../support/test-run.ts";

const BIN = join(ROOT, "node_modules/.bin");

/** A machine that is busy takes its time for the packages. */
const SET_UP_LIMIT_MS = 900_000;

/** The block begins on a clean clone and goes on until it is stopped. */
const isSetUp = ({ text }: PageBlock): boolean => text.startsWith("npm ci");

const blocks = pageBlocks.filter(
  ({ page, language, mark }) =>
    language === "sh" && mark === "" && (page === "README.md" || /^docs\/[\w-]+\.md$/.test(page)),
);

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({});
});

afterAll(async () => {
  await service.stop();
});

/** Runs a block at the root of the repository, before a service that has free ports in place of the shipped ones. */
function run(commands: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const grpc = service.grpc;
  const http = new URL(service.http).host;
  const text = commands.replaceAll("127.0.0.1:50051", grpc).replaceAll("127.0.0.1:8080", http);
  const env = environmentOfRun();
  return new Promise((resolve) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
      cwd: ROOT,
      env: { ...env, STEER_ADDRESS: grpc, PATH: [BIN, env["PATH"]].join(delimiter) },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        output += bytes.toString();
      });
    }
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** An output as a page states it: `…` stands for anything. */
function stated(text: string): RegExp {
  const parts = text.trimEnd().split("…");
  return new RegExp(
    parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("[^]*"),
  );
}

it.each(blocks.filter((block) => !isSetUp(block)).map((block) => [block.page, block] as const))(
  "%s: the commands run as they are written",
  async (_, { text, next }) => {
    const { code, output } = await run(text);
    expect(code, output).toBe(0);
    expect(output).not.toBe("");
    if (next?.mark === "output") expect(output).toMatch(stated(next.text));
  },
);

/** Runs a block until a line of its output has `word`, and then stops it with all that it has started. */
function runUntil(word: string, commands: string, cwd: string): Promise<string> {
  const ports = { STEER_GRPC_ADDRESS: "127.0.0.1:0", STEER_HTTP_ADDRESS: "127.0.0.1:0" };
  // What the machine has of the packages need not be fetched again.
  const env = { ...environmentOfRun(), ...ports, npm_config_prefer_offline: "true" };
  return new Promise((resolve) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", commands], { cwd, env, detached: true });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        output += bytes.toString();
        if (output.includes(word) && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      });
    }
    child.on("close", () => resolve(output));
  });
}

const SET_UPS = blocks.filter(isSetUp).map((block) => [block.page, block] as const);
const FIRST_LINE = '"event":"listening"';

it.each(SET_UPS)("%s: the commands start the service", async (_, { text }) => {
  // The packages are there: whoever runs this has said `npm ci`.
  expect(await runUntil(FIRST_LINE, text.replace(/^npm ci && /, ""), ROOT)).toContain(FIRST_LINE);
});

it.runIf(isNightly).each(SET_UPS)(
  "%s: the commands start the service in a clean clone",
  async (_, { text }) => {
    const folder = mkdtempSync(join(tmpdir(), "steer-clone-"));
    try {
      for (const file of repositoryFiles()) cpSync(join(ROOT, file), join(folder, file));
      expect(await runUntil(FIRST_LINE, text, folder)).toContain(FIRST_LINE);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  SET_UP_LIMIT_MS,
);

it("an output that a page states stands behind the commands that print it", () => {
  const outputs = pageBlocks.filter(({ mark }) => mark === "output");
  const printed = blocks.map(({ next }) => next);
  expect(outputs.filter((block) => !printed.includes(block))).toEqual([]);
  expect(outputs.length).toBeGreaterThan(0);
});

it("has the commands of the README and of pages", () => {
  const from = new Set(blocks.map(({ page }) => page));
  expect([...from]).toEqual(expect.arrayContaining(["README.md", "docs/configuration.md"]));
  expect(blocks.some(isSetUp)).toBe(true);
});
