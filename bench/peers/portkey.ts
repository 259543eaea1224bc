import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { installFromNpm, type Peer } from "./peer.ts";

const VERSION = "1.15.2";
/** Newer ones answer every stream with status 500. */
const OVERRIDES = { hono: "4.9.7", "@hono/node-server": "1.3.3" };

export const portkey: Peer = {
  name: "Portkey",
  version: VERSION,
  install(folder) {
    const dependencies = { "@portkey-ai/gateway": VERSION };
    const manifest = { private: true, dependencies, overrides: OVERRIDES };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    installFromNpm(folder);
  },
  command({ folder, port }) {
    const start = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
    const preload = join(import.meta.dirname, "loopback.ts");
    return {
      program: process.execPath,
      args: ["--import", preload, start, `--port=${port}`, "--headless"],
    };
  },
  headers: (upstream) => ({
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${upstream}/v1`,
  }),
};
