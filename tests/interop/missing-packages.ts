// Prints Debian's packages for the toolchains that `npm run test:interop` would miss here.
import { languages } from "./languages/all.ts";
import { OTHER_NEEDS } from "./other-needs.ts";
import { isOnPath } from "./run-command.ts";

const needed = [...languages, { needs: ["go"], debian: ["golang-go"] }, OTHER_NEEDS];
const missing = needed.filter(({ needs }) => !needs.every(isOnPath));
console.log([...new Set(missing.flatMap(({ debian }) => debian))].join(" "));
