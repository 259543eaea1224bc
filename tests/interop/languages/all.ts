import type { Language } from "../language.ts";
import { java } from "./java.ts";
import { python } from "./python.ts";
import { rust } from "./rust.ts";
import { typescript } from "./typescript.ts";

/** What `npm run test:interop` runs: one import and one line for each language. */
export const languages: readonly Language[] = [java, python, rust, typescript];
