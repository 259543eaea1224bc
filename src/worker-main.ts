// Starts a worker for the primary that `main.ts` has become.
import { startProcess } from "./start-process.ts";

// They can reach the whole process group. The primary tells its workers what to do.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

await startProcess(async () => (await import("./run-worker.ts")).runWorker());
