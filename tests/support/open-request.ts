// HTTP/2 requests that are sent partly or not at all, as by attackers and slow networks.
import { once } from "node:events";
import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from "node:http2";

/** A request that is being sent. */
export interface OpenRequest {
  /** Whether all written bytes have left this client. */
  readonly isTaken: boolean;
  send(bytes: Buffer): void;
  end(): void;
  /** Resets the stream. */
  cancel(): void;
  /** Resolves when the answer begins. */
  readonly answered: Promise<void>;
  /** End of the stream: its HTTP and gRPC status, or the code of its reset. */
  readonly ended: Promise<OpenRequestEnd>;
}

export interface OpenRequestEnd {
  readonly httpStatus: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly body: string;
  readonly resetCode: number;
}

/** The head of a gRPC message of `bytes` bytes, and the first `sent` of them. */
export function partOfMessage(bytes: number, sent: number, isCompressed = false): Buffer {
  const part = Buffer.alloc(5 + sent, 0x0a);
  part.writeUInt8(isCompressed ? 1 : 0);
  part.writeUInt32BE(bytes, 1);
  return part;
}

export function openRequest(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
): OpenRequest {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let waiting = 0;
  const ended = new Promise<OpenRequestEnd>((resolve) => {
    let httpStatus: number | undefined;
    let grpcStatus: string | undefined;
    let body = "";
    stream.on("response", (answer) => {
      httpStatus = answer[":status"];
      grpcStatus = answer["grpc-status"]?.toString();
    });
    stream.on("trailers", (trailers) => {
      grpcStatus = trailers["grpc-status"]?.toString();
    });
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      body += text;
    });
    stream.on("error", () => {});
    stream.on("close", () => resolve({ httpStatus, grpcStatus, body, resetCode: stream.rstCode }));
  });
  const answered = new Promise<void>((resolve) => stream.once("response", () => resolve()));
  return {
    answered,
    get isTaken() {
      return waiting === 0;
    },
    send(bytes) {
      waiting++;
      stream.write(bytes, () => waiting--);
    },
    end: () => stream.end(),
    cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    ended,
  };
}

/** Resolves when the other end has answered `count` PINGs, one after the other. */
export async function roundTrips(session: ClientHttp2Session, count: number): Promise<void> {
  // A PING before the settings would be cancelled.
  if (session.connecting) await once(session, "remoteSettings");
  for (let trip = 0; trip < count; trip++) {
    await new Promise<void>((resolve, reject) => {
      session.ping((error) => (error === null ? resolve() : reject(error)));
    });
  }
}

/** A session that records received GOAWAYs. */
export interface WatchedSession extends Disposable {
  readonly session: ClientHttp2Session;
  /** Their codes so far. */
  readonly goaways: readonly number[];
  /** The code of the first one. */
  readonly goaway: Promise<number>;
}

export function watchSession(url: string, ca?: Buffer): WatchedSession {
  const session = http2.connect(url, { ...(ca !== undefined && { ca }) });
  const goaways: number[] = [];
  session.on("error", () => {});
  const goaway = new Promise<number>((resolve) => {
    session.on("goaway", (code) => {
      goaways.push(code);
      resolve(code);
    });
  });
  return { session, goaways, goaway, [Symbol.dispose]: () => session.destroy() };
}
