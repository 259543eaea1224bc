import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";

/** Where a service listens, as `host:port`. */
export interface WarmedAddresses {
  readonly grpc: string;
  readonly http: string;
}

/** A request that succeeds. */
export interface WarmCall {
  readonly over: "grpc" | "http";
  readonly path: string;
  /** JSON over HTTP; over gRPC, a message with its prefix. */
  readonly body: string | Buffer;
}

/** Makes the same calls over and over. */
export class WarmCalls {
  readonly #session: ClientHttp2Session;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #http: string;
  readonly #calls: readonly WarmCall[];
  #number = 0;

  constructor({ grpc, http }: WarmedAddresses, calls: readonly WarmCall[]) {
    this.#session = connect(`http://${grpc}`);
    // A lost connection closes its calls.
    this.#session.on("error", () => {});
    this.#http = `http://${http}`;
    this.#calls = calls;
  }

  /** Makes the next call. Rejects if its answer is an error or does not come. */
  async next(): Promise<void> {
    const call = this.#calls[this.#number++ % this.#calls.length];
    if (call === undefined) return;
    const status = await (call.over === "grpc" ? this.#callGrpc(call) : this.#callHttp(call));
    if (status !== undefined) throw new Error(`${call.path} over ${call.over}: ${status}`);
  }

  /** Ends all calls that run. */
  close(): void {
    this.#session.destroy();
    this.#agent.destroy();
  }

  /** The status; undefined: success. */
  async #callGrpc({ path, body }: WarmCall): Promise<string | undefined> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status = "no answer";
    stream.on("trailers", (trailers) => {
      status = `status ${trailers["grpc-status"]}`;
    });
    stream.end(body);
    stream.resume();
    await once(stream, "close");
    return status === "status 0" ? undefined : status;
  }

  async #callHttp({ path, body }: WarmCall): Promise<string | undefined> {
    const request = httpRequest(`${this.#http}${path}`, {
      agent: this.#agent,
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "close");
    return response.statusCode === 200 ? undefined : `status ${response.statusCode}`;
  }
}
