// `node tests/support/upstream-main.ts [--port N]`: the scripted upstream in its own process.
import { parseArgs } from "node:util";
import { startUpstream } from "./upstream.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const { url } = await startUpstream(Number(values.port));
process.stdout.write(`${JSON.stringify({ url })}\n`);
