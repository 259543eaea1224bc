// @ts-check
// Starts a worker for the primary that `main.js` has become.
import { enableCompileCache } from "node:module";

// They can reach the whole process group. The primary tells its workers what to do.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});

enableCompileCache();
const { startProcess } = await import("./start-process.ts");
await startProcess(async () => (await import("./run-worker.ts")).runWorker());
