// Finds out why a connection fails. gRPC reports every cause as unavailable, so the command line connects once more
// and reports the cause with a remedy.
import { connect as connectPlain, isIP } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { systemClock } from "../clock.ts";
import { trustedAuthorities } from "./authorities.ts";
import type { ClientTls } from "./client.ts";
import { hostAndPort, parseServiceAddress, type ServiceAddress } from "./service-address.ts";

/** Longest wait for the server, in milliseconds. */
const LOOK_MS = 3_000;
/**
 * Time to wait for an alert after the handshake, in milliseconds: a server that requires a client certificate sends
 * it then.
 */
const ALERT_MS = 500;

type Look =
  | { readonly state: "open" }
  /** `wasReady`: the connection failed after the handshake. */
  | { readonly state: "failed"; readonly error: NodeJS.ErrnoException; readonly wasReady: boolean };

/** Result of a connection attempt: `open` if nothing fails until the connection has been quiet for a while. */
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
      // An HTTP/2 server sends the first bytes when it accepts the connection.
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

/** Text of a certificate, made safe for a terminal: the server has chosen it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
}

interface CertificateError extends NodeJS.ErrnoException {
  readonly cert?: { readonly subjectaltname?: string };
}

const UNKNOWN_AUTHORITY =
  "is signed by an authority that is not trusted here: give its certificate by --ca FILE";

/** Problems of the server's certificate with their remedies, by OpenSSL's codes. */
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

/** Found in the code of an error, or in OpenSSL's message. */
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

/** The cause that keeps a client from this address, with a remedy; undefined if the connection shows none. */
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
  // This connection only looks for TLS, so the certificate is not verified.
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
