import type { Language } from "../language.ts";
import { go } from "./go.ts";
import { java } from "./java.ts";
import { python } from "./python.ts";
import { rust } from "./rust.ts";
import { typescript } from "./typescript.ts";

/** What `npm run test:interop` runs: one import and one line for each language. */
export const languages: readonly Language[] = [go, java, python, rust, typescript];
