// Starts the service. All other modules are imported with the compile cache, which makes the second start faster and
// smaller.
import { enableCompileCache, flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

enableCompileCache();
const { run } = await import("./run.ts");
await run();
// Must happen at once, because a killed process writes nothing at its end.
flushCompileCache();

// Loading descriptors, rules and modules leaves a third of the heap as garbage, and an idle process never collects
// it.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: object) => void;
collect({ type: "major", execution: "sync", flavor: "last-resort" });
