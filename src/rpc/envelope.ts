// The form of messages on the wire that gRPC, gRPC-Web and streams of Connect share.

/** Bytes before each message: its flags, and its length in four bytes. */
export const HEAD_BYTES = 5;

/** An envelope: flags, the length, and the message. */
export function envelope(flags: number, message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + message.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, HEAD_BYTES);
  return bytes;
}
