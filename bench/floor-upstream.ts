import { type Dispatcher, Pool } from "undici";

/** Takes an answer in the library's own callbacks: no stream and no promise lies between. */
interface Reader {
  onHead?(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  onPiece(piece: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** Sends a body to the Chat path of the upstream. The returned function ends the request. */
export type Send = (body: string | Buffer, reader: Reader) => () => void;

const PATH = "/v1/chat/completions";
const HEADERS = { "content-type": "application/json", authorization: "Bearer none" };

/** Connections to the upstream with undici, as few steps away from the socket as it allows. */
export function connectUpstream(upstream: string): Send {
  const pool = new Pool(upstream, {
    connections: 4096,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return (body, { onHead, onPiece, onEnd, onError }) => {
    let controller: Dispatcher.DispatchController | undefined;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (given) => {
        controller = given;
      },
      onResponseStart: (_controller, status, headers) => onHead?.(status, headers),
      onResponseData: (_controller, piece) => onPiece(piece),
      onResponseEnd: onEnd,
      onResponseError: (_controller, error) => onError(error),
    };
    const request = {
      origin: upstream,
      path: PATH,
      method: "POST",
      headers: HEADERS,
      body,
    } as const;
    pool.dispatch(request, handler);
    return () => controller?.abort(new Error("nobody reads the answer"));
  };
}
