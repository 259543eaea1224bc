import { JsonCapture } from "./json-capture.ts";
import type { EmitJson } from "./json-emitter.ts";
import type { JsonListener } from "./json-scanner.ts";

/** Reports each finished document; for an array, each finished element first. */
export function createJsonValues(emit: EmitJson): JsonListener {
  let document: JsonCapture | undefined;
  let element: JsonCapture | undefined;
  let isArray = false;
  let position = -1;

  function finish(capture: JsonCapture | undefined, pointer: string, at: number, chunk: string) {
    if (capture === undefined) return;
    capture.take(chunk, at);
    const { valueJson } = capture;
    emit(pointer, valueJson === undefined ? {} : { valueJson }, true);
  }

  return {
    begin(kind, depth, at) {
      if (depth === 0) {
        document = new JsonCapture(at);
        isArray = kind === "array";
        position = -1;
      } else if (depth === 1 && isArray) {
        element = new JsonCapture(at);
        position++;
      }
    },
    text: () => {},
    end(depth, at, chunk) {
      if (depth === 0) {
        finish(document, "", at, chunk);
        document = undefined;
      } else if (depth === 1 && isArray) {
        finish(element, `/${position}`, at, chunk);
        element = undefined;
      }
    },
    broken() {
      document = undefined;
      element = undefined;
    },
    pause(chunk) {
      document?.take(chunk, chunk.length);
      element?.take(chunk, chunk.length);
    },
  };
}
