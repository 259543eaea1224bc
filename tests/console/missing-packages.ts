// Prints Debian's packages that `npm run test:console` would miss here.
import { missingPackages } from "./chromium.ts";

console.log(missingPackages().join(" "));
