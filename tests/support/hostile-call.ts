// Sends any bytes as the request of a call, over each protocol, compressed or not.
import { gzipSync } from "node:zlib";
import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { BadRequestSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { detailOf } from "./grpc-client.ts";

/** The end of a call. */
export interface CallStatus {
  /** As in google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** Fields that the status names. */
  readonly violations: readonly string[];
}

export interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

export interface HostileProtocol {
  readonly name: string;
  readonly format: "proto" | "json";
  call(at: Addresses, method: DescMethod, body: Buffer, gzip: GzipUse): Promise<CallStatus>;
}

/** `broken`: bytes that are marked as compressed and are not. */
export type GzipUse = "plain" | "gzip" | "broken";

const OK: CallStatus = { code: 0, message: "", violations: [] };
/** Codes by their Connect name. */
const CODES: Readonly<Record<string, number>> = {
  invalid_argument: 3,
  resource_exhausted: 8,
  unimplemented: 12,
  internal: 13,
};
const COMPRESSED = 1;
const CONNECT_END = 2;
const WEB_TRAILERS = 0x80;
const HEAD_BYTES = 5;
const GZIP = 2;

const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;
const packed = (body: Buffer, gzip: GzipUse): Buffer => (gzip === "gzip" ? gzipSync(body) : body);

function envelope(body: Buffer, gzip: GzipUse): Buffer {
  const message = packed(body, gzip);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(gzip === "plain" ? 0 : COMPRESSED);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The last envelope of an answer, if it has these flags. */
function lastEnvelope(bytes: Buffer, flags: number): Buffer | undefined {
  let at = 0;
  let last: Buffer | undefined;
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 1);
    last = (bytes[at] ?? 0) & flags ? bytes.subarray(at + HEAD_BYTES, end) : undefined;
    at = end;
  }
  return last;
}

interface ConnectFailure {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function connectStatus(error: ConnectFailure | undefined): CallStatus {
  if (error === undefined) return OK;
  const { code, message = "", details = [] } = error;
  const detail = details.find(({ type }) => type === BadRequestSchema.typeName)?.value ?? "";
  const { fieldViolations } = fromBinary(BadRequestSchema, Buffer.from(detail, "base64"));
  return {
    code: CODES[code] ?? 2,
    message,
    violations: fieldViolations.map(({ field }) => field),
  };
}

async function post(url: string, body: Buffer, headers: Readonly<Record<string, string>>) {
  const response = await fetch(url, { method: "POST", headers, body });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

function connect(format: "proto" | "json"): HostileProtocol {
  return {
    name: `Connect with ${format}`,
    format,
    async call({ http }, method, body, gzip) {
      const url = `${http}${pathOf(method)}`;
      const encoded = gzip === "plain" ? {} : { "connect-content-encoding": "gzip" };
      if (method.methodKind === "server_streaming") {
        const headers = { "content-type": `application/connect+${format}`, ...encoded };
        const { bytes } = await post(url, envelope(body, gzip), headers);
        const end = JSON.parse(lastEnvelope(bytes, CONNECT_END)?.toString() ?? "{}") as {
          readonly error?: ConnectFailure;
        };
        return connectStatus(end.error);
      }
      const { response, bytes } = await post(url, packed(body, gzip), {
        "content-type": `application/${format}`,
        ...(gzip !== "plain" && { "content-encoding": "gzip" }),
      });
      return response.ok ? OK : connectStatus(JSON.parse(bytes.toString()) as ConnectFailure);
    },
  };
}

function grpcWeb(format: "proto" | "json"): HostileProtocol {
  return {
    name: `gRPC-Web with ${format}`,
    format,
    async call({ http }, method, body, gzip) {
      const { response, bytes } = await post(`${http}${pathOf(method)}`, envelope(body, gzip), {
        "content-type": `application/grpc-web+${format}`,
        ...(gzip !== "plain" && { "grpc-encoding": "gzip" }),
      });
      const lines = lastEnvelope(bytes, WEB_TRAILERS)?.toString().split("\r\n") ?? [];
      const trailers = new Headers(response.headers);
      for (const line of lines) {
        const colon = line.indexOf(":");
        if (colon > 0) trailers.set(line.slice(0, colon), line.slice(colon + 1).trim());
      }
      const metadata = new grpc.Metadata();
      const details = trailers.get("grpc-status-details-bin");
      if (details !== null) {
        metadata.set("grpc-status-details-bin", Buffer.from(details, "base64"));
      }
      return {
        code: Number(trailers.get("grpc-status")),
        message: decodeURIComponent(trailers.get("grpc-message") ?? ""),
        violations: violationsOf({ metadata }),
      };
    },
  };
}

function violationsOf(error: unknown): string[] {
  return detailOf(error, BadRequestSchema)?.fieldViolations.map(({ field }) => field) ?? [];
}

const overGrpc: HostileProtocol = {
  name: "gRPC",
  format: "proto",
  call: ({ grpc: address }, method, body, gzip) =>
    new Promise((resolve) => {
      const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
        "grpc.use_local_subchannel_pool": 1,
        "grpc.max_send_message_length": -1,
        ...(gzip === "gzip" && { "grpc.default_compression_algorithm": GZIP }),
      });
      const metadata = new grpc.Metadata();
      if (gzip === "broken") metadata.set("grpc-encoding", "gzip");
      const asIs = (bytes: Buffer): Buffer => bytes;
      const call = client.makeServerStreamRequest(pathOf(method), asIs, asIs, body, metadata);
      call.on("data", () => {});
      let failure: unknown;
      call.on("error", (error) => {
        failure = error;
      });
      call.on("status", ({ code, details }) => {
        client.close();
        setImmediate(() => {
          const violations = failure === undefined ? [] : violationsOf(failure);
          resolve({ code, message: details, violations });
        });
      });
    }),
};

/** Each protocol in each format. */
export const PROTOCOLS: readonly HostileProtocol[] = [
  overGrpc,
  grpcWeb("proto"),
  grpcWeb("json"),
  connect("proto"),
  connect("json"),
];
