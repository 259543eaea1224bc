// The cost of parsing streamed JSON, in a separate process: `node bench/json.ts`. The floor joins the same chunks.
import { createJsonStream } from "../src/output/json-stream.ts";
import { compare, print } from "./in-process.ts";

const CHUNK_UNITS = 20;
const MODES = ["values", "patches"] as const;
/** Size of a document in bytes, and the number of times it is read. */
const SIZES = { small: [100_000, 20], whole: [1_000_000, 3], large: [4_000_000, 1] } as const;

/** Orders, like the output of an extraction: objects in an array, strings, numbers, escapes. */
function documentOf(units: number): string {
  const items: string[] = [];
  for (let id = 0, length = 2; length < units; id++) {
    const item = JSON.stringify({
      id,
      customer: `customer "${id}" of the north\n`,
      paid: id % 3 === 0,
      lines: [
        { article: "a lamp with a shade", count: id % 7, price: id * 1.25 },
        { article: "a chair", count: 1, price: null },
      ],
    });
    items.push(item);
    length += item.length + 1;
  }
  return `[${items.join(",")}]`;
}

function inChunks(text: string): readonly string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; at += CHUNK_UNITS)
    chunks.push(text.slice(at, at + CHUNK_UNITS));
  return chunks;
}

const figures: Record<string, object> = {};
for (const mode of MODES) {
  for (const [size, [units, runs]] of Object.entries(SIZES)) {
    const chunks = inChunks(documentOf(units));
    let told = 0;
    const { value, floor } = await compare(
      runs,
      () => {
        const stream = createJsonStream(mode);
        for (const chunk of chunks) told += stream.read(0, chunk).length;
      },
      () => {
        let text = "";
        for (const chunk of chunks) text += chunk;
        told += text.length;
      },
    );
    if (told === 0) throw new Error("nothing was read");
    figures[`${mode} ${size}`] = { value: value / chunks.length, floor: floor / chunks.length };
  }
}
print(figures);
