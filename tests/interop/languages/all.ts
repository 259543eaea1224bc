import type { Language } from "../language.ts";

/** What `npm run test:interop` runs: one import and one line for each language. */
export const languages: readonly Language[] = [];
