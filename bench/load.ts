import grpc from "@grpc/grpc-js";

/** A method that is called repeatedly with the same encoded request. */
export interface Load {
  readonly address: string;
  readonly path: string;
  readonly request: Uint8Array;
  /** Key of the caller; undefined: none is required. */
  readonly key?: string;
}

export interface Channel {
  unary(): Promise<Buffer>;
  /** Number of messages until the end, or until `signal` cancels the call. */
  stream(onMessage?: (message: Buffer) => void, signal?: AbortSignal): Promise<number>;
  close(): void;
}

const raw = (bytes: Buffer): Buffer => bytes;

export function openChannel(load: Load): Channel {
  const client = new grpc.Client(load.address, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  const request = Buffer.from(load.request);
  const metadata = new grpc.Metadata();
  if (load.key !== undefined) metadata.set("authorization", `Bearer ${load.key}`);
  return {
    unary: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(load.path, raw, raw, request, metadata, (error, value) => {
          if (error !== null) reject(error);
          else resolve(value ?? Buffer.alloc(0));
        });
      }),
    stream: (onMessage, signal) =>
      new Promise((resolve, reject) => {
        let messages = 0;
        const call = client.makeServerStreamRequest(load.path, raw, raw, request, metadata);
        call.on("data", (message: Buffer) => {
          messages++;
          onMessage?.(message);
        });
        signal?.addEventListener("abort", () => call.cancel(), { once: true });
        call.on("error", (error) => {
          if (signal?.aborted) resolve(messages);
          else reject(error);
        });
        call.on("end", () => resolve(messages));
      }),
    close: () => client.close(),
  };
}

/** Runs `count` calls, `width` of them concurrently. */
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
