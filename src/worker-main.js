// @ts-check
// Starts a worker for the primary that `main.js` has become.
import { prepareLoading } from "./loading.js";

// They can reach the whole process group. The primary tells its workers what to do.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});

prepareLoading();
const { startProcess } = await import("./start-process.ts");
await startProcess(async () => (await import("./run-worker.ts")).runWorker());
