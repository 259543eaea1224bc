// One call that follows from a seed: its method, protocol, headers and bytes.
import { readFileSync } from "node:fs";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import {
  createFileRegistry,
  type DescMethod,
  fromBinary,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Dice } from "../../simulation/scheduler.ts";
import { envelope, pathOf } from "../send.ts";
import { mutateBytes, mutateJson } from "./mutate.ts";
import { randomMessage } from "./random-message.ts";

export interface RandomCall {
  readonly seed: number;
  readonly port: "grpc" | "http";
  readonly verb: "POST" | "GET";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const CONTRACT = new URL("../../../gen/steer.binpb", import.meta.url);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(CONTRACT)));
/** All methods of all services of the contract. */
const METHODS: readonly DescMethod[] = [...registry].flatMap((desc) =>
  desc.kind === "service" && desc.typeName.startsWith("steer.") ? desc.methods : [],
);
const COMPRESSED = 1;

/** How a protocol carries a request. */
interface Protocol {
  readonly port: "grpc" | "http";
  readonly type: string;
  readonly format: "proto" | "json";
  readonly isEnveloped: boolean;
  /** The header that says how the request is compressed. */
  readonly encoding: string;
  readonly deadline: Readonly<Record<string, string>>;
}

const GRPC_DEADLINE = { "grpc-timeout": "2S" };
const CONNECT_DEADLINE = { "connect-timeout-ms": "2000" };

const PROTOCOLS: readonly Protocol[] = (["proto", "json"] as const).flatMap((format) => [
  {
    port: "grpc",
    type: format === "proto" ? "application/grpc" : "application/grpc+json",
    format,
    isEnveloped: true,
    encoding: "grpc-encoding",
    deadline: GRPC_DEADLINE,
  },
  {
    port: "http",
    type: `application/grpc-web+${format}`,
    format,
    isEnveloped: true,
    encoding: "grpc-encoding",
    deadline: GRPC_DEADLINE,
  },
  {
    port: "http",
    type: `application/${format}`,
    format,
    isEnveloped: false,
    encoding: "content-encoding",
    deadline: CONNECT_DEADLINE,
  },
  {
    port: "http",
    type: `application/connect+${format}`,
    format,
    isEnveloped: true,
    encoding: "connect-content-encoding",
    deadline: CONNECT_DEADLINE,
  },
]);

const ODD_TYPES = [
  "",
  "text/plain",
  "application/grpc+xml",
  "application/grpc-web-text",
  "application/json; charset=latin1",
  "application/connect+json; x=y",
  "APPLICATION/PROTO",
  "application/x-www-form-urlencoded",
] as const;

const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ["grpc-timeout", "99999999H"],
  ["grpc-timeout", "1n"],
  ["grpc-timeout", "0S"],
  ["grpc-timeout", "-1S"],
  ["grpc-timeout", "x"],
  ["connect-timeout-ms", "0"],
  ["connect-timeout-ms", "99999999999"],
  ["connect-timeout-ms", "1.5"],
  ["connect-protocol-version", "2"],
  ["connect-protocol-version", "1"],
  ["accept-encoding", "zstd, br;q=0"],
  ["connect-accept-encoding", "gzip"],
  ["grpc-accept-encoding", "identity, gzip, nothing"],
  ["x-request-id", "r".repeat(500)],
  ["x-request-id", "\u00e9"],
  ["traceparent", "00-00000000000000000000000000000000-0000000000000000-00"],
  ["traceparent", "nonsense"],
  ["baggage", "a=b,=,c"],
  ["x-odd-bin", "not base64!"],
  ["cookie", "a=b; a=c"],
  ["expect", "nothing"],
  ["forwarded", "for=203.0.113.9"],
  ["origin", "null"],
  ["accept", "text/html"],
  ["authorization", "Bearer"],
  ["authorization", "Basic YTpi"],
];

const pack = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;
const ENCODINGS = ["gzip", "gzip", "br", "deflate", "identity", "zstd", "nothing"] as const;

function bodyOf({ input }: DescMethod, format: "proto" | "json", dice: Dice): Buffer {
  const message = randomMessage(dice, input);
  if (format === "proto") return mutateBytes(toBinary(input, message), dice);
  try {
    return mutateJson(toJsonString(input, message, { registry }), dice);
  } catch {
    // JSON has no words for some numbers and times.
    return mutateJson('{"spec":{"model":"simulator","prompt":"Hi"}}', dice);
  }
}

function enveloped(message: Buffer, isCompressed: boolean, dice: Dice): Buffer {
  const flags = isCompressed ? COMPRESSED : 0;
  if (dice.chance(0.8)) return envelope(message, flags);
  const odd = dice.pick([0, 1, 2, 3, 4, 128, 129, 255]);
  const whole = envelope(message, odd);
  switch (dice.whole(0, 5)) {
    case 0:
      return Buffer.concat([whole, envelope(message, flags)]);
    case 1:
      return Buffer.alloc(0);
    case 2:
      return whole.subarray(0, dice.whole(0, whole.length));
    case 3: {
      const wrong = Buffer.from(whole);
      wrong.writeUInt32BE(dice.pick([0, 1, 0xffff_ffff, 100_000_000]), 1);
      return wrong;
    }
    case 4:
      return Buffer.concat([envelope(message, flags), envelope(Buffer.from("{}"), odd)]);
    default:
      return whole;
  }
}

function queryOf(body: Buffer, format: string, dice: Dice): string {
  const isText = dice.chance(0.5);
  const message = isText ? encodeURIComponent(body.toString("latin1")) : body.toString("base64url");
  const more = dice.chance(0.2) ? `&compression=${dice.pick([...ENCODINGS])}` : "";
  return `?connect=v1&encoding=${dice.chance(0.9) ? format : "x"}${isText ? "" : "&base64=1"}${more}&message=${message.slice(0, 6_000)}`;
}

function headersOf(protocol: Protocol, authorization: string, dice: Dice): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": dice.chance(0.95) ? protocol.type : dice.pick([...ODD_TYPES]),
    ...protocol.deadline,
    ...(dice.chance(0.97) && { authorization }),
  };
  while (dice.chance(0.15)) {
    const [name, value] = ODD_HEADERS[dice.whole(0, ODD_HEADERS.length - 1)] ?? ["x", "y"];
    headers[name] = value;
  }
  return headers;
}

/** Mostly one that the method is served by. */
function protocolOf({ methodKind }: DescMethod, dice: Dice): Protocol {
  const isUnary = methodKind === "unary";
  const served = PROTOCOLS.filter(({ type }) => {
    if (type === "application/grpc+json") return false;
    return (
      type.startsWith("application/grpc") || type.startsWith("application/connect+") !== isUnary
    );
  });
  return dice.pick((dice.chance(0.95) ? served : PROTOCOLS) as [Protocol, ...Protocol[]]);
}

/** The same seed is the same call. */
export function randomCall(seed: number, authorization: string): RandomCall {
  const dice = new Dice(seed);
  const method = dice.pick([...METHODS] as [DescMethod, ...DescMethod[]]);
  const protocol = protocolOf(method, dice);
  const headers = headersOf(protocol, authorization, dice);
  const body = bodyOf(method, protocol.format, dice);
  const path = dice.chance(0.98)
    ? pathOf(method)
    : `${pathOf(method)}${dice.pick(["x", "/", "%"])}`;
  const { port } = protocol;
  if (port === "http" && dice.chance(0.08)) {
    const { "content-type": _, ...rest } = headers;
    const asked = `${path}${queryOf(body, protocol.format, dice)}`;
    return { seed, port, verb: "GET", path: asked, headers: rest, body: Buffer.alloc(0) };
  }
  const encoding = dice.chance(0.25) ? dice.pick([...ENCODINGS]) : undefined;
  if (encoding !== undefined) headers[protocol.encoding] = encoding;
  const packer = encoding !== undefined && encoding in pack && dice.chance(0.9);
  const packed = packer ? pack[encoding as keyof typeof pack](body) : body;
  const sent = protocol.isEnveloped ? enveloped(packed, packer === true, dice) : packed;
  // A request of one port at the other one.
  const elsewhere = port === "http" && dice.chance(0.02) ? "grpc" : port;
  return { seed, port: elsewhere, verb: "POST", path, headers, body: sent };
}

/** As it can be looked at. */
export function describeCall({ seed, port, verb, path, headers, body }: RandomCall): string {
  const { authorization: _, ...shown } = headers;
  const bytes = body.subarray(0, 400).toString("base64");
  return `seed ${seed}: ${verb} ${path.slice(0, 400)} (${port}) ${JSON.stringify(shown)} ${body.length} bytes, base64 ${bytes}`;
}
