import grpc from "@grpc/grpc-js";

const SERVICE = "/steer.v1.GenerationService";

/** A floor's two methods, from the bytes of a request to the bytes of its answers. */
export interface Floor {
  readonly unary: (request: Buffer) => Promise<Uint8Array>;
  readonly stream: (call: FloorStream) => Promise<void>;
  /** Method of `stream`. */
  readonly streamed: "StreamGenerate" | "ResumeStream";
}

export type FloorStream = grpc.ServerWritableStream<Buffer, Uint8Array>;

const raw = (bytes: Buffer): Buffer => bytes;

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function definition(method: string, responseStream: boolean) {
  return {
    path: `${SERVICE}/${method}`,
    requestStream: false,
    responseStream,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: toBuffer,
    responseDeserialize: raw,
  };
}

/** Serves a floor with grpc-js, and prints its address. */
export function serveFloor({ unary, stream, streamed }: Floor): void {
  const server = new grpc.Server();
  server.addService(
    { generate: definition("Generate", false), streamGenerate: definition(streamed, true) },
    {
      generate: (
        call: grpc.ServerUnaryCall<Buffer, Uint8Array>,
        done: grpc.sendUnaryData<Uint8Array>,
      ) => {
        unary(call.request).then(
          (answer) => done(null, answer),
          (error: unknown) => done({ code: grpc.status.INTERNAL, details: String(error) }),
        );
      },
      streamGenerate: (call: FloorStream) => {
        stream(call).catch(() => call.destroy());
      },
    },
  );
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
    if (error) throw error;
    process.stdout.write(`${JSON.stringify({ grpc: `127.0.0.1:${bound}` })}\n`);
  });
}
