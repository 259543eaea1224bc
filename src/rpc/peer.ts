import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Peer } from "../calls/call.ts";
import { altNamesOf } from "../domain/alt-names.ts";

/** The connection of a call, which the client's other calls share. */
export type Connection = Http2Session | Socket;

const peers = new WeakMap<Connection, Peer>();

function look(socket: Socket): Peer {
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  return {
    address: socket.remoteAddress ?? "",
    certificateNames: altNamesOf(certificate?.subjectaltname),
  };
}

/** Cached per connection: neither its address nor its certificate changes. */
export function peerOf(connection: Connection): Peer {
  const known = peers.get(connection);
  if (known !== undefined) return known;
  const peer = look("socket" in connection ? connection.socket : connection);
  peers.set(connection, peer);
  return peer;
}
