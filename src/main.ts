// Starts the service.
import { startProcess } from "./start-process.ts";

await startProcess(async () => (await import("./start.ts")).start());
