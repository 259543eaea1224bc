import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";

export interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  /** Undefined: the headers were the whole answer. */
  readonly trailers: IncomingHttpHeaders | undefined;
}

/** One gRPC call on the wire, without repetitions. Rejects if no answer comes. */
export function rawCall(
  session: ClientHttp2Session,
  method: DescMethod,
  request: Record<string, unknown>,
  headers: OutgoingHttpHeaders = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${method.parent.typeName}/${method.name}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const message = toBinary(method.input, create(method.input, request));
    const length = Buffer.alloc(5);
    length.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([length, message]));
    let answer: RawAnswer | undefined;
    stream.once("response", (received) => {
      answer = { headers: received, trailers: undefined };
    });
    stream.once("trailers", (trailers) => {
      if (answer !== undefined) answer = { ...answer, trailers };
    });
    stream.resume();
    stream.once("error", reject);
    stream.once("close", () => {
      if (answer === undefined) reject(new Error("no answer"));
      else resolve(answer);
    });
  });
}

/** `grpc-status` of an answer, from its headers or its trailers. */
export function statusOf({ headers, trailers }: RawAnswer): string | undefined {
  const status = trailers?.["grpc-status"] ?? headers["grpc-status"];
  return status?.toString();
}
