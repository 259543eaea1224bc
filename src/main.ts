// The composition root: configuration, providers, gateway, listeners, and their end.
import { enableCompileCache } from "node:module";

enableCompileCache();
const { run } = await import("./service.ts");
await run();
