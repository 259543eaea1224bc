// Reads JSON from the output text of a stream, and reports its changes beside the text. Loaded only for streams that
// ask for it: see `open-json-stream.ts`.

import type { JsonDelta } from "../domain/generation.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { EmitJson } from "./json/json-emitter.ts";
import { createJsonPatches } from "./json/json-patches.ts";
import { JsonScanner } from "./json/json-scanner.ts";
import { createJsonValues } from "./json/json-values.ts";

export interface JsonStream {
  /** Reads more text of a part. Returns the changes in order. */
  read(partIndex: number, text: string): readonly JsonDelta[];
  /** Forgets everything, because the output starts over. */
  reset(): void;
  statistics(): JsonStatistics;
}

const LISTENERS = { values: createJsonValues, patches: createJsonPatches } as const;

export function createJsonStream(mode: "values" | "patches"): JsonStream {
  const scanners = new Map<number, JsonScanner>();
  let told: JsonDelta[] = [];
  let documents = 0;
  let changes = 0;
  let units = 0;
  let broken = 0;

  function scannerOf(partIndex: number): JsonScanner {
    const known = scanners.get(partIndex);
    if (known !== undefined) return known;
    let documentIndex = 0;
    let isTold = false;
    const emit: EmitJson = (pointer, change, final) => {
      isTold = true;
      changes++;
      told.push({ type: "json-delta", partIndex, documentIndex, pointer, ...change, final });
    };
    /** A document without a reported change gets no number. */
    const next = (): void => {
      if (isTold) documentIndex++;
      isTold = false;
    };
    const listener = LISTENERS[mode](emit);
    const scanner = new JsonScanner({
      ...listener,
      end(depth, at, chunk) {
        listener.end(depth, at, chunk);
        if (depth > 0) return;
        documents++;
        next();
      },
      broken() {
        listener.broken();
        broken++;
        next();
      },
    });
    scanners.set(partIndex, scanner);
    return scanner;
  }

  return {
    read(partIndex, text) {
      units += text.length;
      scannerOf(partIndex).push(text);
      const all = told;
      if (all.length > 0) told = [];
      return all;
    },
    reset() {
      scanners.clear();
      documents = changes = units = broken = 0;
    },
    statistics() {
      const open = [...scanners.values()].filter(({ isOpen }) => isOpen).length;
      return { documents, changes, units, malformed: broken + open };
    },
  };
}
