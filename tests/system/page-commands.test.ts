import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ServiceProcess, startService } from "../support/service.ts";
import { environmentOfRun } from "../support/test-run.ts";

const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

/** Blocks that cannot run here, each with its reason. Their number may only fall. */
const MOST_NOT_RUN = 3;

interface Block {
  readonly page: string;
  /** Behind `sh` in the first line. */
  readonly mark: string;
  readonly commands: string;
}

const pages = [
  "README.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
].filter((page) => page.endsWith(".md"));

const blocks: readonly Block[] = pages.flatMap((page) =>
  [...readFileSync(join(ROOT, page), "utf8").matchAll(/^```sh *(.*)\n([\s\S]*?)^```/gm)].map(
    ([, mark = "", commands = ""]) => ({ page, mark, commands }),
  ),
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

it.each(blocks.filter(({ mark }) => mark === "").map((block) => [block.page, block] as const))(
  "%s: the commands run as they are written",
  async (_, { commands }) => {
    const { code, output } = await run(commands);
    expect(code, output).toBe(0);
    expect(output).not.toBe("");
  },
);

it("every other block of commands says why it is not run", () => {
  const others = blocks.filter(({ mark }) => mark !== "");
  expect(others.filter(({ mark }) => !/^no-run: \S/.test(mark))).toEqual([]);
  expect(others.length).toBeLessThanOrEqual(MOST_NOT_RUN);
});
