// @ts-check
// Starts the service. Programs are JavaScript, so that Node need not load its stripper of types: all other files come
// stripped from the compile cache, which makes the second start of a program faster and smaller.
import { enableCompileCache } from "node:module";

enableCompileCache();
const { startProcess } = await import("./start-process.ts");
await startProcess(async () => (await import("./start.ts")).start());
