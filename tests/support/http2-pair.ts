import { once } from "node:events";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { makeCertificates } from "./certificates.ts";

interface PairOptions {
  readonly isEncrypted?: boolean;
  /** Called with the server's session before anything from the client is read. */
  readonly onSession?: (session: http2.ServerHttp2Session) => void;
}

/** A client's connection and the server's session of it, after both sides' greetings. Streams are held open. */
export async function openHttp2Pair({ isEncrypted = false, onSession }: PairOptions = {}) {
  const made = isEncrypted ? makeCertificates("client.test") : undefined;
  const server = made
    ? http2.createSecureServer({ cert: made.read(made.serverCert), key: made.read(made.serverKey) })
    : http2.createServer();
  const greeted = new Promise<http2.ServerHttp2Session>((resolve) => {
    server.on("session", (session) => {
      onSession?.(session);
      session.once("remoteSettings", () => resolve(session));
    });
  });
  const held: http2.ServerHttp2Stream[] = [];
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    held.push(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = http2.connect(`${made ? "https" : "http"}://127.0.0.1:${port}`, {
    ...(made && { ca: made.read(made.ca) }),
  });
  client.on("error", () => {});
  const goaways: number[] = [];
  client.on("goaway", (code) => goaways.push(code));
  await once(client, "remoteSettings");
  const session = await greeted;
  return {
    client,
    session,
    held,
    /** Codes of the GOAWAY frames that the client received. */
    goaways,
    request(): http2.ClientHttp2Stream {
      const stream = client.request({ ":method": "POST" });
      stream.on("error", () => {});
      return stream;
    },
    [Symbol.dispose]() {
      client.destroy();
      session.destroy();
      server.close();
      made?.[Symbol.dispose]();
    },
  };
}

/** The session of a client that has connected and sends nothing. */
export async function openSilentSession() {
  const server = http2.createServer();
  const opened = new Promise<http2.ServerHttp2Session>((resolve) => server.on("session", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  const session = await opened;
  session.on("error", () => {});
  return {
    session,
    [Symbol.dispose]() {
      client.destroy();
      session.destroy();
      server.close();
    },
  };
}
