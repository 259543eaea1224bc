// Reads archives of any tool: gzipped tar, and zip.
import { gunzipSync, inflateRawSync } from "node:zlib";

const BLOCK = 512;
const GZIP = 0x1f8b;
const ZIP_END = 0x06054b50;
const ZIP_END_BYTES = 22;
const ZIP_DIRECTORY_BYTES = 46;
const ZIP_FILE_BYTES = 30;

const text = (bytes, from, length) => bytes.toString("utf8", from, from + length).split("\0", 1)[0];

/** Records such as `13 path=…` of an extended header, which applies to the next header. */
function pathOf(records) {
  return /^\d+ path=(.*)$/m.exec(records)?.[1];
}

function tarEntries(bytes) {
  const entries = new Map();
  let longName;
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(bytes, at + 124, 12).trim() || "0", 8);
    const kind = String.fromCharCode(bytes[at + 156]);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === "x") longName = pathOf(content.toString("utf8")) ?? longName;
    else if (kind === "L") longName = text(content, 0, size);
    else if (kind !== "g") {
      const header = at - BLOCK - Math.ceil(size / BLOCK) * BLOCK;
      const prefix = text(bytes, header + 345, 155);
      const name = text(bytes, header, 100);
      const path = longName ?? (prefix === "" ? name : `${prefix}/${name}`);
      // Folders have no content. Links are listed, so that the checks can refuse them.
      if (kind !== "5") entries.set(path, content);
      longName = undefined;
    }
  }
  return entries;
}

function zipEntries(bytes) {
  const entries = new Map();
  let end = bytes.length - ZIP_END_BYTES;
  while (end >= 0 && bytes.readUInt32LE(end) !== ZIP_END) end--;
  if (end < 0) throw new Error("a zip without its directory");
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    const method = bytes.readUInt16LE(at + 10);
    const size = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28);
    const rest = bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    const place = bytes.readUInt32LE(at + 42);
    const name = bytes.toString(
      "utf8",
      at + ZIP_DIRECTORY_BYTES,
      at + ZIP_DIRECTORY_BYTES + nameLength,
    );
    const header = bytes.readUInt16LE(place + 26) + bytes.readUInt16LE(place + 28);
    const from = place + ZIP_FILE_BYTES + header;
    const content = bytes.subarray(from, from + size);
    if (!name.endsWith("/")) entries.set(name, method === 0 ? content : inflateRawSync(content));
    at += ZIP_DIRECTORY_BYTES + nameLength + rest;
  }
  return entries;
}

/** The bytes of each file by its path. */
export function entriesOf(archive) {
  return archive.readUInt16BE(0) === GZIP ? tarEntries(gunzipSync(archive)) : zipEntries(archive);
}
