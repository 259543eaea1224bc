// @ts-check
// For `node --import`: writes the modules that the process has loaded, one a line, to the file of LOADED_MODULES when
// it ends. JavaScript, because it must not load the stripper of types itself.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** @type {Set<string>} */
const loaded = new Set();
registerHooks({
  load(url, context, next) {
    loaded.add(url);
    return next(url, context);
  },
});
process.on("exit", () => {
  const { moduleLoadList } = /** @type {{ moduleLoadList: string[] }} */ (
    /** @type {unknown} */ (process)
  );
  const lines = [...loaded, ...moduleLoadList];
  writeFileSync(process.env["LOADED_MODULES"] ?? "", lines.join("\n"));
});
