import { execFileSync, spawn } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { endsWithParent } from "../support/ends-with-parent.ts";
import { requireReasons } from "../support/explained-settings.ts";
import { freePort } from "../support/free-port.ts";
import { requestRaw } from "../support/raw-http.ts";
import { eventually } from "../support/stack.ts";
import { environmentOfRun } from "../support/test-run.ts";

// The reader of the log may go away, and its disk may be full: the service goes on.

const ENTRY = join(import.meta.dirname, "../../src/main.js");
/** Patience with the start of a process on a busy machine. */
const START_TIMEOUT_MS = 60_000;

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The service with this for standard output, once it answers. */
async function start(stdout: "pipe" | number) {
  const http = `http://127.0.0.1:${await freePort()}`;
  const env = {
    ...environmentOfRun(),
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: http.slice("http://".length),
  };
  requireReasons("", env);
  const child = spawn(...endsWithParent(process.execPath, [ENTRY]), {
    env,
    stdio: ["ignore", stdout, "pipe"],
  });
  if (stdout !== "pipe") closeSync(stdout);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  ends.push(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let errors = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const isLive = (): Promise<boolean> =>
    requestRaw(`${http}/livez`, { method: "GET" }).then(
      ({ status }) => status === 200,
      () => false,
    );
  await eventually(isLive, START_TIMEOUT_MS);
  const generate = async (): Promise<number> => {
    const { status } = await requestRaw(`${http}/${GenerationService.typeName}/Generate`, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec: { model: "simulator", prompt: "hi" } }),
    });
    return status;
  };
  return { child, exited, generate, errors: () => errors };
}

describe("field:S25: a broken standard output", () => {
  it.each(["stdout", "both"])("whose reader goes away ends nothing: %s", async (which) => {
    const { child, exited, generate, errors } = await start("pipe");
    child.stdout?.destroy();
    if (which === "both") child.stderr?.destroy();
    for (let call = 0; call < 3; call++) expect(await generate()).toBe(200);
    if (which === "stdout") {
      await eventually(() => errors().includes("(EPIPE)"));
      expect(errors()).toBe(
        "steer: standard output takes no lines (EPIPE): they are dropped and counted\n",
      );
    }
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
  });

  it("on a full disk ends nothing", async () => {
    const { generate, errors } = await start(openSync("/dev/full", "w"));
    for (let call = 0; call < 3; call++) expect(await generate()).toBe(200);
    await eventually(() => errors() !== "");
    expect(errors()).toBe(
      "steer: standard output takes no lines (ENOSPC): they are dropped and counted\n",
    );
  });

  it("says what was dropped to the next reader", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-log-"));
    ends.push(() => rmSync(folder, { recursive: true }));
    const fifo = join(folder, "log");
    execFileSync("mkfifo", [fifo]);
    // For reading and writing, since a FIFO for writing alone waits for its reader.
    const reader = openSync(fifo, "r+");
    const { generate, errors } = await start(openSync(fifo, "w"));
    closeSync(reader);
    for (let call = 0; call < 3; call++) expect(await generate()).toBe(200);
    await eventually(() => errors().includes("they are dropped and counted"));
    const second = createReadStream("", { fd: openSync(fifo, "r") });
    ends.push(() => void second.destroy());
    const lines: { readonly event: string; readonly dropped_lines?: number }[] = [];
    createInterface({ input: second }).on("line", (line) => lines.push(JSON.parse(line)));
    expect(await generate()).toBe(200);
    const dropped = () => lines.reduce((sum, line) => sum + (line.dropped_lines ?? 0), 0);
    // A line is written behind its answer, and perhaps when the second reader is there.
    // The first line may have come while the first reader was there: the pipe keeps it.
    await eventually(() => lines.length + dropped() === 5);
    expect(dropped()).toBeGreaterThan(0);
    expect(lines.filter(({ dropped_lines }) => dropped_lines !== undefined)).toHaveLength(1);
  });
});
