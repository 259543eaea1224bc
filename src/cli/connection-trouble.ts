// Why no connection comes about. gRPC says of each cause that nothing answers: one look at the server
// tells what it is and what helps.
import { connect as connectPlain, isIP } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { systemClock } from "../clock.ts";
import { trustedAuthorities } from "./authorities.ts";
import type { ClientTls } from "./client.ts";
import { hostAndPort, parseServiceAddress, type ServiceAddress } from "./service-address.ts";

/** Patience with the server. */
const LOOK_MS = 3_000;
/** A server that wants a client certificate says so after the handshake. */
const ALERT_MS = 500;

type Look =
  | { readonly state: "open" }
  /** `wasReady`: it failed after the handshake. */
  | { readonly state: "failed"; readonly error: NodeJS.ErrnoException; readonly wasReady: boolean };

/** What becomes of a connection: `open` if nothing fails until it has been quiet for a while. */
function lookAt(
  socket: ReturnType<typeof connectPlain>,
  ready: string,
  quietMs: number,
): Promise<Look> {
  return new Promise((resolve) => {
    let wasReady = false;
    const end = (look: Look): void => {
      stop();
      socket.destroy();
      resolve(look);
    };
    const fail = (error: Error): void => end({ state: "failed", error, wasReady });
    const failWith = (code: string) => fail(Object.assign(new Error(code), { code }));
    let stop = systemClock.schedule(LOOK_MS, () => failWith("ETIMEDOUT"));
    socket.once(ready, () => {
      wasReady = true;
      stop();
      stop = systemClock.schedule(quietMs, () => end({ state: "open" }));
      // HTTP/2 servers speak first, once they are content.
      socket.once("data", () => end({ state: "open" }));
    });
    socket.once("error", fail);
    socket.once("close", () => failWith("ECONNRESET"));
  });
}

function secureLook({ host, port }: ServiceAddress, options: ConnectionOptions): Promise<Look> {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket: TLSSocket = connectTls({
    host,
    port,
    ALPNProtocols: ["h2"],
    ...servername,
    ...options,
  });
  return lookAt(socket, "secureConnect", ALERT_MS);
}

/** Text of a certificate, which the server has chosen, as a terminal can show it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
}

interface CertificateError extends NodeJS.ErrnoException {
  readonly cert?: { readonly subjectaltname?: string };
}

const UNKNOWN_AUTHORITY =
  "is signed by an authority that is not trusted here: give its certificate by --ca FILE";

/** By the codes of OpenSSL: what is wrong with the certificate of the server, and what helps. */
const CERTIFICATE_PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired: the server needs a new one",
  CERT_NOT_YET_VALID: "is not valid yet: look at the clocks of both machines",
  CERT_REVOKED: "is revoked: the server needs a new one",
  DEPTH_ZERO_SELF_SIGNED_CERT: "is signed by itself: if it is the right one, give it by --ca FILE",
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: "is for other names",
};

/** In the code of an error, or in the words of OpenSSL. */
const WITHOUT_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;
const WANTS_CERTIFICATE = /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/;
const REFUSES_CERTIFICATE = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|ACCESS_DENIED)/;

function wordsOf({ code = "", message }: NodeJS.ErrnoException): string {
  return `${code} ${message}`.toUpperCase().replaceAll(" ", "_");
}

function certificateTrouble({ code = "", cert }: CertificateError): string | undefined {
  const problem = CERTIFICATE_PROBLEMS[code];
  if (code !== "ERR_TLS_CERT_ALTNAME_INVALID") return problem;
  return `${problem}, ${printable(cert?.subjectaltname ?? "none")}: call it by one of them`;
}

function secureTrouble(
  { error, wasReady }: Extract<Look, { state: "failed" }>,
  address: string,
  tls: ClientTls,
): string | undefined {
  const problem = certificateTrouble(error);
  if (problem !== undefined) return `the certificate of ${address} ${problem}`;
  const words = wordsOf(error);
  if (WITHOUT_TLS.test(words)) {
    return `${address} does not speak TLS: leave https:// out of STEER_ADDRESS`;
  }
  const asks = WANTS_CERTIFICATE.test(words);
  if (tls.identity === undefined) {
    if (asks) {
      return `${address} asks for a client certificate: give it by --cert FILE and --key FILE`;
    }
  } else if (asks || wasReady || REFUSES_CERTIFICATE.test(words)) {
    return `${address} does not accept the client certificate of --cert`;
  }
  if (!/SSL|TLS|CERT|EPROTO/.test(error.code ?? "")) return undefined;
  return `TLS with ${address} fails: ${printable(error.message)} (${error.code})`;
}

/** What keeps a client from this address, and what to do; undefined: a look at it shows nothing. */
export async function connectionTrouble(
  address: string,
  tls: ClientTls,
): Promise<string | undefined> {
  const place = parseServiceAddress(address);
  if (place.isSecure) {
    const { ca = trustedAuthorities(), identity } = tls;
    const look = await secureLook(place, { ca, ...identity });
    if (look.state === "open") return undefined;
    return secureTrouble(look, address, tls) ?? nothingAnswers(address, look.error);
  }
  const look = await lookAt(connectPlain({ host: place.host, port: place.port }), "connect", 0);
  if (look.state === "failed") return nothingAnswers(address, look.error);
  // Whose certificate it is does not matter here.
  const secure = await secureLook(place, { rejectUnauthorized: false });
  if (secure.state === "failed" && !secure.wasReady && !/ALERT/.test(wordsOf(secure.error))) {
    return undefined;
  }
  return `${address} speaks TLS: set STEER_ADDRESS=https://${hostAndPort(place)}`;
}

function nothingAnswers(address: string, { code }: NodeJS.ErrnoException): string {
  const why = code === undefined || code === "ECONNREFUSED" ? "" : ` (${code})`;
  return `nothing answers at ${address}${why}: start the service with \`npm start\`, or set STEER_ADDRESS`;
}
