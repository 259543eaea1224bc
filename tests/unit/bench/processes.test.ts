import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { cpuMicros, residentMiB } from "../../../bench/processes.ts";

const BURNT_MICROS = 400_000;

/** Starts itself once more; the second process works, tells its number, and stays. */
const PROGRAM = `
  if (process.argv[1] === "work") {
    while (process.cpuUsage().user < ${BURNT_MICROS}) for (let i = 0; i < 1e7; i++);
    console.log(process.pid);
    setInterval(() => {}, 1000);
  } else {
    const args = ["-e", process.env.PROGRAM, "work"];
    require("node:child_process").spawn(process.execPath, args, { stdio: "inherit" });
  }
`;

it("the CPU time and memory of a process include those of its children", async () => {
  const parent = spawn(process.execPath, ["-e", PROGRAM], {
    env: { ...process.env, PROGRAM },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const child = Number(line);
  onTestFinished(() => {
    parent.kill("SIGKILL");
    process.kill(child, "SIGKILL");
  });
  expect(cpuMicros(child)).toBeGreaterThanOrEqual(BURNT_MICROS);
  expect(cpuMicros(parent.pid ?? 0)).toBeGreaterThan(cpuMicros(child));
  expect(residentMiB(parent.pid ?? 0)).toBeGreaterThan(residentMiB(child));
});

it("a process that has ended is an error", () => {
  expect(() => cpuMicros(2 ** 30)).toThrow("ENOENT");
});
