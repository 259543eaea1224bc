// Starts the service. Everything else is imported behind the compile cache,
// which makes the second start faster and smaller.
import { enableCompileCache, flushCompileCache } from "node:module";

enableCompileCache();
const { run } = await import("./service.ts");
await run();
flushCompileCache();
