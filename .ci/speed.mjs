// How many times slower this machine is than the one of docs/performance.md, by a fixed piece of work:
// from 1 to 4, with one decimal. Usage: node speed.mjs; the last word of its line is the factor.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";

/** Seconds that the work takes on that machine. */
const REFERENCE_SECONDS = 1;
const HASHED_MIB = 512;
const STARTS = 2;
const MAX_FACTOR = 4;

function hash() {
  const sum = createHash("sha256");
  const chunk = Buffer.alloc(1024 * 1024);
  for (let done = 0; done < HASHED_MIB; done++) sum.update(chunk);
  sum.digest();
}

/** The gateway up to its first line. */
async function start() {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../src/main.js")], {
    env: { PATH: process.env.PATH, STEER_GRPC_ADDRESS: "127.0.0.1:0", STEER_HTTP_ADDRESS: "127.0.0.1:0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

const from = performance.now();
hash();
for (let count = 0; count < STARTS; count++) await start();
const seconds = (performance.now() - from) / 1000;
const factor = Math.min(Math.max(seconds / REFERENCE_SECONDS, 1), MAX_FACTOR);
console.log(
  `the fixed work took ${seconds.toFixed(2)} s (${REFERENCE_SECONDS} s where docs/performance.md was measured): the shares of the parts are multiplied by ${factor.toFixed(1)}`,
);
