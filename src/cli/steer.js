#!/usr/bin/env node
// @ts-check
// The command line: `steer COMMAND`.
import { prepareLoading } from "../loading.js";

prepareLoading();
const { runCommandLine } = await import("./command-line.ts");
await runCommandLine(process.argv.slice(2));
