// @ts-check
// Starts the service.
import { prepareLoading } from "./loading.js";

prepareLoading();
const { startProcess } = await import("./start-process.ts");
await startProcess(async () => (await import("./start.ts")).start());
