// `node tests/support/upstream-main.ts`: the scripted upstream by itself.
import { startUpstream } from "./upstream.ts";

const { url } = await startUpstream();
process.stdout.write(`${JSON.stringify({ url })}\n`);
