import grpc from "@grpc/grpc-js";

/** A method called with the same encoded request again and again. */
export interface Load {
  readonly address: string;
  readonly path: string;
  readonly request: Uint8Array;
}

export interface Channel {
  unary(): Promise<Buffer>;
  /** Messages until the end, and milliseconds to the first with content. */
  stream(): Promise<{ readonly messages: number; readonly firstMs: number }>;
  close(): void;
}

const raw = (bytes: Buffer): Buffer => bytes;

/** `first` says which message ends the wait for the first token. */
export function openChannel(load: Load, first: (message: Buffer) => boolean): Channel {
  const client = new grpc.Client(load.address, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  const request = Buffer.from(load.request);
  return {
    unary: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(load.path, raw, raw, request, (error, value) => {
          if (error !== null) reject(error);
          else resolve(value ?? Buffer.alloc(0));
        });
      }),
    stream: () =>
      new Promise((resolve, reject) => {
        const startedAt = performance.now();
        let messages = 0;
        let firstMs = 0;
        const call = client.makeServerStreamRequest(load.path, raw, raw, request);
        call.on("data", (message: Buffer) => {
          messages++;
          if (firstMs === 0 && first(message)) firstMs = performance.now() - startedAt;
        });
        call.on("error", reject);
        call.on("end", () => resolve({ messages, firstMs }));
      }),
    close: () => client.close(),
  };
}

/** Runs `count` calls, `width` at a time. */
export async function run(
  count: number,
  width: number,
  call: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) await call(next++);
    }),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
