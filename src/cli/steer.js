#!/usr/bin/env node
// @ts-check
// The command line: `steer COMMAND`. In JavaScript, as `main.js`.
import { enableCompileCache } from "node:module";

enableCompileCache();
const { runCommandLine } = await import("./command-line.ts");
await runCommandLine(process.argv.slice(2));
