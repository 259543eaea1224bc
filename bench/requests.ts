// The cost of a request before its handler runs, in a separate process: `node bench/requests.ts`. The floor of a
// scan is the decoder.
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Role } from "../gen/service/steer/v1/content_pb.ts";
import { GenerateRequestSchema } from "../gen/service/steer/v1/generation_service_pb.ts";
import { BoundsCompiler } from "../src/rpc/requests/message-bounds.ts";
import { RequestDecoder } from "../src/rpc/requests/request-decoder.ts";
import { scanJson } from "../src/rpc/requests/scan-json.ts";
import { scanWire } from "../src/rpc/requests/scan-wire.ts";
import { compare, print } from "./in-process.ts";

const MIB = 1024 * 1024;
const PROSE = "The lamp of the north goes out, and nobody has seen who did it. ";
const CODE = '  if (name === "") throw new Error("no \\"name\\"");\n';
const JSON_BOUNDS = { maxDepth: 100, maxElements: 4_096, maxFields: 65_536 } as const;
/** Bytes per figure. */
const WORK = 20 * MIB;

function requestOf(messages: number, text: string) {
  const one = { role: Role.USER, parts: [{ data: { case: "text", value: { text } } } as const] };
  return create(GenerateRequestSchema, {
    spec: { model: "m", messages: Array(messages).fill(one) },
  });
}

const REQUESTS = {
  "a conversation of 100 messages of 500 bytes": requestOf(100, PROSE.repeat(8)),
  "a conversation of 100 messages of code": requestOf(100, CODE.repeat(20)),
  "4,096 messages of 2 bytes": requestOf(4_096, "Hi"),
} as const;

const bounds = new BoundsCompiler().of(GenerateRequestSchema);
const figures: Record<string, object> = {};
const perByte = ({ value, floor }: { value: number; floor: number }, bytes: number): object => ({
  value: (1_000 * value) / bytes,
  floor: (1_000 * floor) / bytes,
});

for (const [name, message] of Object.entries(REQUESTS)) {
  const bytes = toBinary(GenerateRequestSchema, message);
  const text = toJsonString(GenerateRequestSchema, message);
  const json = Buffer.from(text);
  const wire = await compare(
    Math.ceil(WORK / 10 / bytes.length),
    () => void scanWire(bytes, bounds),
    () => void fromBinary(GenerateRequestSchema, bytes),
  );
  figures[`wire, ${name}`] = perByte(wire, bytes.length);
  const parsed = await compare(
    Math.ceil(WORK / 10 / json.length),
    () => void scanJson(json, JSON_BOUNDS),
    () => void JSON.parse(text),
  );
  figures[`JSON, ${name}`] = perByte(parsed, json.length);
}

/** The largest requests: milliseconds of the event loop until the handler has them. */
const LARGE = {
  "one text of 31 MiB": requestOf(1, PROSE.repeat((31 * MIB) / PROSE.length)),
  "one text of 31 MiB in CJK": requestOf(1, "水".repeat((31 * MIB) / 3)),
  "4,000 messages of 8 KiB": requestOf(4_000, PROSE.repeat(128)),
  "4,096 messages of 2 bytes": REQUESTS["4,096 messages of 2 bytes"],
} as const;

const decoder = new RequestDecoder([GenerateRequestSchema]);
for (const [name, message] of Object.entries(LARGE)) {
  const bytes = toBinary(GenerateRequestSchema, message);
  const json = Buffer.from(toJsonString(GenerateRequestSchema, message));
  // The decoder releases the bytes of a large request: each run has its own, and the copy is a part of the figure.
  const decode = (format: "proto" | "json", sent: Uint8Array) =>
    decoder.decode(GenerateRequestSchema, { format, bytes: new Uint8Array(sent) });
  const { value, floor } = await compare(
    1,
    async () => void (await decode("proto", bytes)),
    async () => void (await decode("json", json)),
  );
  figures[`large, ${name}`] = { wire: value / 1_000, json: floor / 1_000, bytes: bytes.length };
}
print(figures);
