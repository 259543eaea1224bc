// `npm run settings`: lists every test setting that differs from the shipped defaults, with its reason. The
// starters of tests/support refuse a setting without one (tests/support/explained-settings.ts). `npm run check`
// refuses a file that starts the service without them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "./generated.mjs";

const TESTS = "tests";

/** Ways to start the service, in the test's process or in its own. */
const STARTS = [
  /import [^;]*\bstartService\b[^;]*from "[^"]*\/src\/service\.ts"/,
  /"[^"]*\bsrc\/(?:main\.js|run\.ts)"/,
];
const LOOKS = /\b(?:fromExplainedFile|requireReasons)\(/;

/** Files that name the starters without starting, or whose caller has checked the settings. */
const OTHERS = [join(TESTS, "support/skeleton.ts"), join(TESTS, "faults/gateway.ts")];
/** Contains the form of a reason, but no setting. */
const FORM = join(TESTS, "support/explained-settings.ts");

const testFiles = () => filesBelow(TESTS).filter((file) => file.endsWith(".ts"));

/** Files that start the service with an unchecked configuration. */
export function startsAround() {
  return testFiles()
    .filter((file) => !file.startsWith(join(TESTS, "unit")) && !OTHERS.includes(file))
    .filter((file) => {
      const text = readFileSync(file, "utf8");
      return STARTS.some((start) => start.test(text)) && !LOOKS.test(text);
    });
}

/** A line of a configuration, and a section built as an object. */
const LINE = /^[^#\n]*?(?:[`"'] ?|^\s*)([^`"'\n]*?) # because: ([^`"\n\\]+)/gm;
const SECTION = /(\w+)(?::| =) because\(\s*"([^"]+)",\s*([^;]*?\})\s*,?\s*\)/g;

/** Settings in the sources: `{ place, setting, because }`. */
function ownSettings() {
  return testFiles()
    .filter((file) => !file.startsWith(join(TESTS, "unit")) && file !== FORM)
    .flatMap((file) => {
      const text = readFileSync(file, "utf8");
      const found = [
        ...[...text.matchAll(LINE)].map(({ index, 0: all, 1: setting, 2: because }) => {
          return { at: index + all.indexOf(" # because"), setting, because };
        }),
        ...[...text.matchAll(SECTION)].map(({ index, 1: name, 2: because, 3: section }) => {
          return { at: index, setting: `${name}: ${section.replace(/\s+/g, " ")}`, because };
        }),
      ];
      return found.map(({ at, setting, because }) => {
        const line = text.slice(0, at).split("\n").length;
        const shown = setting.replace(/^[\s,]+/, "").replace(/,? \}$/, " }");
        return { place: `${file}:${line}`, setting: shown, because: because.trim() };
      });
    });
}

if (import.meta.main) {
  const all = ownSettings();
  for (const { place, setting, because } of all) {
    console.log(`${place}\n  ${setting}\n  because: ${because}`);
  }
  console.log(`${all.length} places with settings that are not the shipped defaults`);
}
