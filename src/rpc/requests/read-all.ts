import { GatewayError } from "../../domain/gateway-error.ts";
import type { Arrival } from "../call.ts";
import { requestTooLarge } from "./request-limits.ts";

/** All bytes of a body of at most `maxBytes`. Unread bytes are left to the connection. */
export async function readAll(
  body: AsyncIterable<Uint8Array>,
  promised: string | null,
  maxBytes: number,
  arrival: Pick<Arrival<Error>, "receive" | "whenCut">,
): Promise<Buffer> {
  if (promised !== null && Number(promised) > maxBytes) throw requestTooLarge(maxBytes, "sent");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Not a loop over the body: an error in it would close the connection before the answer is written.
  const source = body[Symbol.asyncIterator]();
  const cut = new Promise<never>((_, reject) => arrival.whenCut(reject));
  for (;;) {
    const chunk = source.next().catch((cause: unknown) => {
      const message = "the caller left before its request was whole";
      throw new GatewayError("cancelled", message, { cause });
    });
    const next = await Promise.race([chunk, cut]);
    if (next.done === true) break;
    bytes += next.value.byteLength;
    arrival.receive(next.value.byteLength);
    if (bytes > maxBytes) throw requestTooLarge(maxBytes, "sent");
    chunks.push(next.value);
  }
  return Buffer.concat(chunks, bytes);
}
