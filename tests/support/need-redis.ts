import { spawnSync } from "node:child_process";

/** Ends a tool with one line if there is no redis-server. */
export function needRedis(tool: string): void {
  if (spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0) return;
  process.stderr.write(
    `${tool} needs redis-server, which is not on the PATH: apt-get install redis-server\n`,
  );
  process.exit(1);
}
