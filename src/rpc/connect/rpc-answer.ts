import type { ServerResponse } from "node:http";
import type { JsonWriteOptions } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import {
  codeToHttpStatus,
  endStreamToJson,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { envelope } from "../envelope.ts";
import { atOnce, drained, type HttpResponse, isClosed } from "../http-writes.ts";
import { COMPRESSED, END_FLAGS } from "../requests/read-request.ts";
import { type CallForm, contentTypeOf } from "./call-form.ts";

/** Smaller messages are not compressed. */
export const MIN_COMPRESS_BYTES = 1024;

const COMPRESSIONS = { gzip: compressionGzip, br: compressionBrotli } as const;

/** Header for the compression of the messages in envelopes. */
const ENCODING_OF_MESSAGES = {
  connect: "connect-content-encoding",
  "grpc-web": "grpc-encoding",
} as const;

const NO_BYTES = Buffer.alloc(0);

/** The answer of one call. After a message or the end, nothing changes its headers any more. */
export interface RpcAnswer {
  setHeader(name: string, value: string): void;
  setTrailer(name: string, value: string): void;
  /** Whether nobody receives more of the answer. */
  readonly isClosed: boolean;
  /** Adds an encoded message. Undefined: more may follow at once. */
  add(message: Uint8Array): Promise<void> | undefined;
  /** `failure` undefined: the call succeeded. */
  end(failure: ConnectError | undefined): Promise<void>;
}

export interface RpcAnswerOptions {
  readonly response: HttpResponse;
  readonly form: CallForm;
  /** Of details of errors. */
  readonly json: Partial<JsonWriteOptions>;
}

/** An answer of a unary call of Connect: one message without an envelope, and trailers among the headers. */
export class UnaryAnswer implements RpcAnswer {
  readonly #options: RpcAnswerOptions;
  readonly #headers: Record<string, string> = {};
  readonly #trailers: Record<string, string> = {};
  #message: Uint8Array = NO_BYTES;

  constructor(options: RpcAnswerOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return isClosed(this.#options.response);
  }

  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  setTrailer(name: string, value: string): void {
    this.#trailers[`trailer-${name}`] = value;
  }

  add(message: Uint8Array): undefined {
    this.#message = message;
  }

  async end(failure: ConnectError | undefined): Promise<void> {
    const { form, json } = this.#options;
    const headers = { ...this.#headers, ...this.#trailers, "content-type": contentTypeOf(form) };
    if (failure === undefined) return this.#send(200, headers, this.#message);
    for (const [name, value] of failure.metadata) headers[name as "content-type"] = value;
    headers["content-type"] = "application/json";
    const body = errorToJsonBytes(failure, json);
    return this.#send(codeToHttpStatus(failure.code), headers, body);
  }

  async #send(status: number, headers: Record<string, string>, body: Uint8Array): Promise<void> {
    const { form, response } = this.#options;
    let bytes = body;
    if (form.answerEncoding !== undefined && body.byteLength >= MIN_COMPRESS_BYTES) {
      bytes = await COMPRESSIONS[form.answerEncoding].compress(body as Uint8Array<ArrayBuffer>);
      headers["content-encoding"] = form.answerEncoding;
    }
    if (isClosed(response)) return;
    headers["content-length"] = String(bytes.byteLength);
    // Both kinds of response have these members, with different types.
    const any = response as ServerResponse;
    any.writeHead(status, headers);
    any.end(bytes);
  }
}

/** An answer in envelopes: a stream of Connect, and every call of gRPC-Web. */
export class FramedAnswer implements RpcAnswer {
  readonly #options: RpcAnswerOptions;
  readonly #framing: keyof typeof END_FLAGS;
  readonly #isStream: boolean;
  readonly #headers: Record<string, string> = {};
  readonly #trailers: Record<string, string> = {};

  constructor(
    framing: keyof typeof END_FLAGS,
    options: RpcAnswerOptions & { readonly isStream: boolean },
  ) {
    this.#options = options;
    this.#framing = framing;
    this.#isStream = options.isStream;
  }

  get isClosed(): boolean {
    return isClosed(this.#options.response);
  }

  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  setTrailer(name: string, value: string): void {
    this.#trailers[name] = value;
  }

  add(message: Uint8Array): Promise<void> | undefined {
    const { answerEncoding } = this.#options.form;
    if (answerEncoding !== undefined && message.byteLength >= MIN_COMPRESS_BYTES)
      return this.#addCompressed(0, message);
    return this.#addEnvelope(envelope(0, message));
  }

  #addEnvelope(bytes: Buffer): Promise<void> | undefined {
    const { response } = this.#options;
    if (this.isClosed) return undefined;
    const isMore = response.headersSent ? this.#write(bytes) : this.#writeFirst(bytes);
    return isMore ? undefined : drained(response);
  }

  async end(failure: ConnectError | undefined): Promise<void> {
    const flags = END_FLAGS[this.#framing];
    const end = this.#framing === "connect" ? this.#endStream(failure) : this.#trailer(failure);
    const { response, form } = this.#options;
    if (form.answerEncoding !== undefined && end.byteLength >= MIN_COMPRESS_BYTES)
      await this.#addCompressed(flags, end);
    else await this.#addEnvelope(envelope(flags, end));
    if (!this.isClosed) (response as ServerResponse).end();
  }

  async #addCompressed(flags: number, message: Uint8Array): Promise<void> {
    const { answerEncoding = "gzip" } = this.#options.form;
    const { compress } = COMPRESSIONS[answerEncoding];
    const bytes = await compress(message as Uint8Array<ArrayBuffer>);
    await this.#addEnvelope(envelope(flags | COMPRESSED, bytes));
  }

  #write(bytes: Buffer): boolean {
    return (this.#options.response as ServerResponse).write(bytes);
  }

  #writeFirst(bytes: Buffer): boolean {
    const { response, form } = this.#options;
    const headers = { ...this.#headers, "content-type": contentTypeOf(form) };
    if (form.answerEncoding !== undefined)
      Object.assign(headers, { [ENCODING_OF_MESSAGES[this.#framing]]: form.answerEncoding });
    const write = (): boolean => {
      (response as ServerResponse).writeHead(200, headers);
      return this.#write(bytes);
    };
    return this.#isStream ? atOnce(response, write) : write();
  }

  #endStream(failure: ConnectError | undefined): Uint8Array {
    const trailers = new Headers(this.#trailers);
    return Buffer.from(JSON.stringify(endStreamToJson(trailers, failure, this.#options.json)));
  }

  #trailer(failure: ConnectError | undefined): Uint8Array {
    return trailerSerialize(setTrailerStatus(new Headers(this.#trailers), failure));
  }
}
