import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildImage, type Image, readDockerfile } from "../support/docker-image.ts";
import { freePort } from "../support/free-port.ts";

let image: Image;
const started: ChildProcess[] = [];

beforeAll(() => {
  image = buildImage();
  // Compiled code as with a read-only root file system.
  execFileSync("chmod", ["-R", "a-w", image.env["NODE_COMPILE_CACHE"] ?? ""]);
}, 300_000);

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

afterAll(() => image.remove());

interface Run {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly output: () => string;
}

/** Runs a command of the image as its user, in its environment and what is added to it. */
function run(command: readonly string[], added: Readonly<Record<string, string>>): Run {
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    ...image.user,
    cwd: image.app,
    env: { ...image.env, ...added },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, exited, output: () => output };
}

/** The image's addresses on ports that are free on this machine. */
async function freeAddresses(): Promise<Record<string, string>> {
  const addresses: Record<string, string> = {};
  for (const name of ["STEER_GRPC_ADDRESS", "STEER_HTTP_ADDRESS"]) {
    addresses[name] = `${image.env[name]?.split(":")[0]}:${await freePort()}`;
  }
  return addresses;
}

/** Asks the health command until it succeeds, as a container engine does while one starts. */
async function becomesHealthy(added: Readonly<Record<string, string>>): Promise<string> {
  const deadline = Date.now() + 60_000;
  while (true) {
    const health = run(image.healthCheck, added);
    if ((await health.exited) === 0) return "healthy";
    if (Date.now() > deadline) return health.output();
  }
}

describe("the image", () => {
  it("holds what the build context offers and nothing else", () => {
    const offered = readFileSync(join(import.meta.dirname, "../../.dockerignore"), "utf8")
      .trim()
      .split("\n");
    const instructions = readDockerfile();
    const copiedBy = (some: typeof instructions): string[] =>
      some
        .filter(({ name, argument }) => name === "COPY" && !argument.startsWith("--from="))
        .flatMap(({ argument }) => argument.split(" ").slice(0, -1));
    const copied = copiedBy(instructions);
    // What is built here is no part of the image: a stage builds it again.
    const allowed = [...new Set(copied)].map((name) => `!${name}`);
    expect(offered.toSorted()).toEqual(["*", "console/dist", ...allowed].toSorted());
    const last = instructions.findLastIndex(({ name }) => name === "FROM");
    const tops = [...copiedBy(instructions.slice(last)), "console"].map((name) =>
      name.replace(/\/.*/, ""),
    );
    expect(readdirSync(image.app).sort()).toEqual([...new Set(tops), "node_modules"].sort());
  });

  it("has no dev dependencies and no second Node", () => {
    const lock = JSON.parse(readFileSync(join(image.app, "package-lock.json"), "utf8")) as {
      packages: Record<string, { dev?: true; optional?: true }>;
    };
    const absent = Object.entries(lock.packages).filter(([, { dev, optional }]) => dev || optional);
    const found = absent.filter(([path]) => existsSync(join(image.app, path)));
    expect(absent.length).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });

  it("runs as somebody else than root", () => {
    const user = readDockerfile().find(({ name }) => name === "USER")?.argument;
    expect(user).toBe("node");
  });

  it("refuses to start while it would serve everybody unasked", async () => {
    const { exited, output } = run(image.command, await freeAddresses());
    expect(await exited).not.toBe(0);
    expect(output()).toContain("STEER_ALLOW_UNAUTHENTICATED=true");
  });

  it.each<[configured: string, environment: Readonly<Record<string, string>>]>([
    ["nothing", {}],
    [
      "vendors, metrics and a Redis",
      {
        OPENAI_API_KEY: "none",
        ANTHROPIC_API_KEY: "none",
        XAI_API_KEY: "none",
        STEER_TELEMETRY_METRICS_ADDRESS: "127.0.0.1:0",
        STEER_STREAM_STORE: "redis://127.0.0.1:1",
      },
    ],
  ])(
    "has compiled all that a start with %s and the health command load",
    async (_, environment) => {
      const tells = { NODE_DEBUG_NATIVE: "COMPILE_CACHE", STEER_ALLOW_UNAUTHENTICATED: "true" };
      const added = { ...(await freeAddresses()), ...environment, ...tells };
      const service = run(image.command, added);
      expect(await becomesHealthy(added)).toBe("healthy");
      const health = run(image.healthCheck, added);
      await health.exited;
      service.child.kill(image.stopSignal);
      expect(await service.exited).toBe(0);

      for (const { output } of [service, health]) {
        expect(output()).toMatch(/V8 code cache for .* was accepted/);
        expect(output()).not.toMatch(/V8 code cache for .* was (not initialized|rejected)/);
      }
    },
  );

  const hash = createHash("sha256").update("key of billing").digest("hex");
  it.each<[what: string, permission: Readonly<Record<string, string>>]>([
    ["with the permission to serve everybody", { STEER_ALLOW_UNAUTHENTICATED: "true" }],
    [
      "with callers",
      { STEER_CALLERS: JSON.stringify([{ id: "billing", role: "caller", key_sha256: hash }]) },
    ],
  ])("starts %s, is healthy by its own command, stops when asked", async (_what, permission) => {
    const added = { ...(await freeAddresses()), ...permission };
    const service = run(image.command, added);

    expect(await becomesHealthy(added)).toBe("healthy");
    const port = added["STEER_HTTP_ADDRESS"]?.split(":")[1];
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    const page = await fetch(`http://127.0.0.1:${port}/console/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<script")]);

    service.child.kill(image.stopSignal);
    expect(await service.exited).toBe(0);
    expect(await run(image.healthCheck, added).exited).not.toBe(0);
  });
});
