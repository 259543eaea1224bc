// `npm test` needs a redis-server, because the Redis store is tested on a real one. The server is installed if the
// machine allows it; otherwise the tests that need it fail by name.
import { spawnSync } from "node:child_process";

const APT = ["apt-get", "-q"];
const STEPS = [["update"], ["install", "-y", "--no-install-recommends", "redis-server"]];

const succeeds = (command, args, stdio) => spawnSync(command, args, { stdio }).status === 0;

if (!succeeds("redis-server", ["--version"], "ignore")) {
  // As root, or with a sudo that asks for no password.
  const [command, ...args] = process.getuid?.() === 0 ? APT : ["sudo", "-n", ...APT];
  const isInstalled = STEPS.every((step) => succeeds(command, [...args, ...step], "inherit"));
  if (!isInstalled) {
    console.error("redis-server is missing and cannot be installed here: what needs it will fail");
  }
}
