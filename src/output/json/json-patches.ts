import { JsonCapture } from "./json-capture.ts";
import type { EmitJson } from "./json-emitter.ts";
import type { JsonListener } from "./json-scanner.ts";

/** Deeper values, and values with a longer pointer, are reported whole, because each change repeats its pointer. */
const MAX_POINTER_DEPTH = 32;
const MAX_POINTER_UNITS = 512;

interface OpenContainer {
  readonly pointer: string;
  readonly isArray: boolean;
  position: number;
  key: string;
  /** The reader has an event of this value. */
  isTold: boolean;
}

interface OpenString {
  readonly pointer: string;
  text: string;
  isTold: boolean;
}

/** The longest prefix that does not split a surrogate pair. */
function wholeCharacters(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}

/** Reports the changes that build each document as it grows. */
export function createJsonPatches(emit: EmitJson): JsonListener {
  const containers: OpenContainer[] = [];
  let key: string | undefined;
  let string: OpenString | undefined;
  /** The value that is reported whole. */
  let whole:
    | { readonly capture: JsonCapture; readonly pointer: string; readonly depth: number }
    | undefined;

  function tell(container: OpenContainer): void {
    if (container.isTold) return;
    container.isTold = true;
    emit(container.pointer, { valueJson: container.isArray ? "[]" : "{}" }, false);
  }

  /** The pointer of the value that begins now. */
  function nextPointer(): string {
    const parent = containers.at(-1);
    if (parent === undefined) return "";
    tell(parent);
    if (parent.isArray) parent.position++;
    const token = parent.isArray ? parent.position : escaped(parent.key);
    return `${parent.pointer}/${token}`;
  }

  function endString({ pointer, text, isTold }: OpenString): void {
    const change = isTold ? { append: text.toWellFormed() } : { valueJson: JSON.stringify(text) };
    emit(pointer, change, true);
  }

  function endContainer({ pointer, isArray, isTold }: OpenContainer): void {
    emit(pointer, isTold ? {} : { valueJson: isArray ? "[]" : "{}" }, true);
  }

  function clear(): void {
    containers.length = 0;
    key = undefined;
    string = undefined;
    whole = undefined;
  }

  return {
    begin(kind, depth, at) {
      if (whole !== undefined) return;
      if (kind === "key") {
        key = "";
        return;
      }
      const pointer = nextPointer();
      const isFar = depth > MAX_POINTER_DEPTH || pointer.length > MAX_POINTER_UNITS;
      if (isFar || kind === "scalar") whole = { capture: new JsonCapture(at), pointer, depth };
      else if (kind === "string") string = { pointer, text: "", isTold: false };
      else {
        containers.push({
          pointer,
          isArray: kind === "array",
          position: -1,
          key: "",
          isTold: false,
        });
      }
    },
    text(piece) {
      if (key !== undefined) key += piece;
      else if (string !== undefined) string.text += piece;
    },
    end(depth, at, chunk) {
      if (whole !== undefined) {
        if (depth > whole.depth) return;
        const { capture, pointer } = whole;
        capture.take(chunk, at);
        const { valueJson } = capture;
        whole = undefined;
        emit(pointer, valueJson === undefined ? {} : { valueJson }, true);
      } else if (key !== undefined) {
        const parent = containers.at(-1);
        if (parent !== undefined) parent.key = key;
        key = undefined;
      } else if (string !== undefined) {
        endString(string);
        string = undefined;
      } else {
        const container = containers.pop();
        if (container !== undefined) endContainer(container);
      }
    },
    broken: clear,
    pause(chunk) {
      whole?.capture.take(chunk, chunk.length);
      if (string === undefined) return;
      const text = wholeCharacters(string.text);
      if (text === "") return;
      const change = string.isTold
        ? { append: text.toWellFormed() }
        : { valueJson: JSON.stringify(text) };
      emit(string.pointer, change, false);
      string.text = string.text.slice(text.length);
      string.isTold = true;
    },
  };
}

/** A key as a pointer token. */
function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1").toWellFormed();
}
