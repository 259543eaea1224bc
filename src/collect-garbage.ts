import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: object) => void;

let collect: Collect | undefined;

/** Collects all garbage and gives the freed memory back to the system. Takes the event loop for a tenth of a second. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
  }
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** Bytes that the heap has of the system. */
export function heapBytes(): number {
  return getHeapStatistics().total_heap_size;
}
