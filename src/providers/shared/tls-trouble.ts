/** Certificate errors of Node and OpenSSL. */
const CERTIFICATE_CODE =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;

const UNKNOWN_AUTHORITY = "certificate is of an authority that is not trusted here";

const CERTIFICATE_TROUBLES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not valid yet",
  CERT_REVOKED: "certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "certificate is signed by itself and not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate is for other names",
};

/**
 * Codes of a peer that requires a client certificate (`WANTS_CERTIFICATE`), or refuses it (`REFUSES_CERTIFICATE`).
 */
const WANTS_CERTIFICATE = /ALERT_CERTIFICATE_REQUIRED$/;
/** Up to TLS 1.2, a missing client certificate is one of several causes of this alert. */
const BREAKS_OFF = /ALERT_HANDSHAKE_FAILURE$/;
const REFUSES_CERTIFICATE = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|ACCESS_DENIED)/;
const WITHOUT_TLS = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/;

/** Why TLS with `peer` failed permanently, by the code of an error; undefined: another cause. */
export function tlsTrouble(code: string, peer: string): string | undefined {
  if (CERTIFICATE_CODE.test(code)) {
    return `the ${peer}'s ${CERTIFICATE_TROUBLES[code] ?? "certificate was not accepted"}`;
  }
  if (WANTS_CERTIFICATE.test(code)) return `the ${peer} asks for a client certificate`;
  if (REFUSES_CERTIFICATE.test(code)) return `the ${peer} did not accept the client certificate`;
  if (BREAKS_OFF.test(code)) {
    return `the ${peer} asks for a client certificate, or for another kind of TLS`;
  }
  return WITHOUT_TLS.test(code) ? `the ${peer} does not speak TLS at this address` : undefined;
}
